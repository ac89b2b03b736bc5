"""The agents of this process: what they can do, who does it, and how many slots are free."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec.structs import replace

from arbiter.application.agent_door import described
from arbiter.application.agents import abilities_of
from arbiter.application.ports import Wanted
from arbiter.domain.breaker import transport_breaker
from arbiter.domain.commands import Declare
from arbiter.domain.facts import AgentProfiled, AgentRegistered, Transport
from arbiter.domain.limits import Limits
from arbiter.domain.retry import RetryPolicy

Isolation = Literal["thread", "process"]
Handler = Callable[[Any], Any] | Callable[[Any], Awaitable[Any]]


class HostedAgent:
    """An agent whose handler runs here."""

    def __init__(
        self,
        profile: AgentRegistered,
        handler: Handler,
        *,
        retry: RetryPolicy | None = None,
        limits: Limits | None = None,
        isolation: Isolation = "thread",
    ) -> None:
        """All slots are free."""
        self.profile, self.handler, self.retry, self.limits = profile, handler, retry, limits
        self.isolation = isolation
        self.name = profile.name
        """Its name, which is its identity."""

        self.is_async = is_async(handler)
        self.can_cross = can_cross(handler)
        self.abilities = abilities_of(profile)
        self.slots = profile.max_concurrency
        """How many of its tasks may run here now; fewer, where it has others that run elsewhere."""

        self.leaving = 0
        """Attempts that have left their slot here, of which the log does not know it yet."""

        self.answers = True
        """It gave a sign of life when it was last asked, or nobody asks it."""

        self.busy = 0
        self.breakers = breakers_of(profile)
        """The breakers it heeds: its own, and that of the host it is reached over."""

        self.room: int | None = None
        """How many more attempts its status and its breakers allow; None for as many as it likes."""

    @property
    def free(self) -> int:
        """Slots nobody uses now."""
        return max(0, self.slots - self.busy)

    @property
    def takes(self) -> int:
        """Tasks that could be given to it now."""
        return self.free if self.room is None else min(self.free, self.room)

    def can(self, kind: str, needs: tuple[str, ...]) -> bool:
        """Tell whether it is able to do such a task, busy or not."""
        return kind in self.profile.kinds and all(need in self.abilities for need in needs)


def breakers_of(profile: AgentProfiled) -> tuple[str, ...]:
    """Name the breakers an agent heeds: its own first, then that of the host it is reached over."""
    reached_by = profile.reached_by
    if reached_by is None or reached_by.url is None:
        return (profile.name,)
    return profile.name, transport_breaker(reached_by.url)


def is_async(handler: Handler) -> bool:
    """Tell whether a handler is to be awaited: a coroutine function, or an object called like one."""
    called = getattr(handler, "__call__", None)  # noqa: B004 - not whether, but how it is called
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(called)


def can_cross(handler: Handler) -> bool:
    """Tell whether a handler can run in another process: it crosses by its name."""
    try:
        pickle.dumps(handler)
    except Exception:  # noqa: BLE001 - every kind of object fails in its own way
        return False
    return True


class Roster:
    """All agents of one worker, under one bound of running tasks."""

    def __init__(self, agents: Mapping[str, HostedAgent], slots: int) -> None:
        """`slots` bounds the tasks that run at a time over all agents."""
        self._agents = dict(agents)
        self.slots = slots
        self.busy = 0
        self.changes = 0
        """Rises when a slot becomes free."""

        self.freed: Callable[[], object] = lambda: None
        """Called by who no longer claims, and has let go of a slot that others may use."""

        self.outside: Callable[[], object] = lambda: None
        """Called when the log knows of an attempt that has left its slot here."""

        self._is_gated = False
        self._by_kind: dict[str, list[HostedAgent]] = {}
        for agent in self._agents.values():
            for kind in agent.profile.kinds:
                self._by_kind.setdefault(kind, []).append(agent)

    def __iter__(self) -> Iterator[HostedAgent]:
        """Go through the agents."""
        return iter(self._agents.values())

    @property
    def kinds(self) -> Mapping[str, Sequence[str]]:
        """Every kind that is done here, and the names of who does it."""
        return {kind: [each.name for each in agents] for kind, agents in self._by_kind.items()}

    def __contains__(self, name: object) -> bool:
        """Tell whether an agent is hosted here."""
        return name in self._agents

    def __getitem__(self, name: str) -> HostedAgent:
        """Return one agent."""
        return self._agents[name]

    @property
    def free(self) -> int:
        """Slots nobody uses now."""
        return self.slots - self.busy

    @property
    def takers(self) -> int:
        """Tasks that could be started now, if they were of the right kinds."""
        return min(self.free, sum(agent.takes for agent in self._agents.values()))

    @property
    def ahead(self) -> int:
        """Tasks worth having at hand when handlers are quick; none where nobody may have any."""
        if not self._is_gated:
            return self.slots
        open_to = sum(
            agent.slots if agent.room is None else agent.takes for agent in self._agents.values()
        )
        return min(self.slots, open_to)

    @property
    def closed(self) -> frozenset[str]:
        """Agents that may have no new task now; what they run goes on."""
        return frozenset(agent.name for agent in self if agent.room == 0)

    def admit(self, rooms: Mapping[str, int]) -> bool:
        """Let each agent have as many more tasks as this says, those not named as many as they like.

        Tells whether anybody may have more than before.
        """
        more = False
        for agent in self._agents.values():
            before, agent.room = agent.room, rooms.get(agent.name)
            more = more or _is_more(agent.room, before)
        return self._regate(more=more)

    def limit(self, slots: Mapping[str, int]) -> bool:
        """Give these agents so many slots here; tells whether anybody has more than before."""
        more = False
        for name, allowed in slots.items():
            agent = self._agents[name]
            more = more or allowed > agent.slots
            agent.slots = allowed
        return self._regate(more=more)

    def leave(self, agent: HostedAgent) -> None:
        """Count an attempt as one that its agent has without us, or has no room for."""
        agent.leaving += 1
        self.limit({agent.name: max(0, agent.slots - 1)})

    def left(self, agent: HostedAgent) -> None:
        """Leave it to the log to count that attempt."""
        agent.leaving -= 1
        self.outside()

    def _regate(self, *, more: bool) -> bool:
        self._is_gated = any(
            agent.room is not None or agent.slots < agent.profile.max_concurrency
            for agent in self._agents.values()
        )
        if more:
            self.changes += 1
        return more

    def shut(self, breaker: str) -> None:
        """Give no more tasks to those who heed this breaker, until the next word on whom to admit."""
        for agent in self._agents.values():
            if breaker in agent.breakers:
                agent.room, self._is_gated = 0, True

    def candidates(self, kind: str, needs: tuple[str, ...]) -> list[HostedAgent]:
        """Return who is able to do such a task, has a free slot, and may have one more."""
        if self.busy >= self.slots:
            return []
        return [
            agent
            for agent in self._by_kind.get(kind, ())
            if agent.busy < agent.slots
            and agent.room != 0
            and (not needs or agent.can(kind, needs))
        ]

    def is_able(self, kind: str, needs: tuple[str, ...]) -> bool:
        """Tell whether anybody here could do such a task, busy or not."""
        return any(agent.can(kind, needs) for agent in self._by_kind.get(kind, ()))

    def take(self, agent: HostedAgent) -> None:
        """Use a slot."""
        agent.busy += 1
        self.busy += 1
        if agent.room:
            agent.room -= 1

    def let_go(self, agent: HostedAgent) -> None:
        """Give a slot back."""
        agent.busy -= 1
        self.busy -= 1
        self.changes += 1

    def wanted(self, queues: tuple[str, ...], most: int, *, ahead: bool) -> list[Wanted]:
        """Say what to claim: as much as slots are free, or as there are slots when claiming ahead.

        Nothing for agents that may have none.

        Never more than `most` of a kind: rows that are looked at are locked for the moment.
        """
        return [
            Wanted(
                queue,
                kind,
                tuple(sorted(agent.abilities)),
                min(most, agent.slots if ahead and agent.room is None else agent.takes),
            )
            for queue in queues
            for agent in self._agents.values()
            for kind in agent.profile.kinds
            if agent.takes > 0 or (ahead and agent.room is None and agent.slots > 0)
        ]


def _is_more(room: int | None, than: int | None) -> bool:
    """Tell whether a bound is looser than another; None is none."""
    return than is not None and (room is None or room > than)


def profile(
    name: str,
    kinds: Iterable[str] | str,
    *,
    at: Any,
    languages: Iterable[str] | str = (),
    specializations: Iterable[str] | str = (),
    model_family: str | None = None,
    concurrency: int = 10,
    cost_per_task: float = 0.0,
    weight: float = 1.0,
    isolation: Isolation = "thread",
    retry: RetryPolicy | None = None,
    limits: Limits | None = None,
    reached_by: Transport | None = None,
) -> AgentRegistered:
    """Describe an agent that is hosted here; raises InvalidAgent for what cannot be meant."""
    known = described(
        name,
        at=at,
        order=Declare,
        kinds=kinds,
        languages=languages,
        specializations=specializations,
        model_family=model_family,
        concurrency=concurrency,
        cost_per_task=cost_per_task,
        weight=weight,
        isolation=isolation,
        reached_by=reached_by,
    )
    return replace(known, retry=retry, limits=limits)
