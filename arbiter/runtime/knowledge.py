"""What a worker knows of its agents: who may have work, and what was learnt of them.

It looks at once when the bell rings `agents`, and otherwise at most four times a second, and only while
there is work: an idle worker leaves the database alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from arbiter.application.ports import (
    Clock,
    Elsewhere,
    Learnt,
    Records,
    Scheduler,
    Standing,
    Standings,
    Statuses,
)
from arbiter.application.routing import Belief, Known, Learned, beliefs
from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.facts import AgentProfiled
from arbiter.runtime.hosted import Roster
from arbiter.runtime.loop import Loop
from arbiter.runtime.sharing import Neighbours

LOOK_SECONDS = 0.25
LINGER_SECONDS = 2.0
"""The views follow the log: what was done last is known a little later."""

GIVE_WAY = 9
"""Rest so many times as long as the looking took: learning never has more than a tenth of the loop."""

POLLS = 10
"""A ring may be missed: who is idle looks all the same, but ten times less often than the dispatcher."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where it is read: three reads."""

    statuses: Statuses
    standings: Standings
    records: Records


class Knowledge:
    """Keeps a roster's gate and a router's beliefs up to what is recorded."""

    def __init__(
        self,
        sources: Sources,
        roster: Roster,
        router: Learned | None,
        *,
        clock: Clock,
        scheduler: Scheduler,
        is_busy: Callable[[], bool],
        opened: Callable[[], object],
        poll_seconds: float,
        elsewhere: Callable[[], Awaitable[Sequence[Elsewhere]]],
    ) -> None:
        """Nothing is known yet. `opened` is called when an agent may have work that might not before."""
        self._sources, self._roster, self._router = sources, roster, router
        self._clock, self._scheduler = clock, scheduler
        self._is_busy, self._opened, self._elsewhere = is_busy, opened, elsewhere
        self.neighbours = Neighbours()
        self._names: frozenset[str] = frozenset()
        self._idle_seconds = POLLS * poll_seconds
        self._loop = Loop("knowledge", self.run_once, scheduler)
        self._known = Learnt(position=0, records={}, decisions={})
        self._beliefs: dict[str, Belief] = {}
        self._told = True
        self._stirred = clock.monotonic()
        self._looked = self._stirred
        self._rest = 0.0

    async def start(self) -> None:
        """Look for the first time, then go on; raises what keeps it from looking."""
        await self.look()
        self._loop.start()

    async def stop(self) -> None:
        """Look no more."""
        await self._loop.stop()

    def heard(self, words: frozenset[str]) -> None:
        """Take in what the bell rang."""
        if "agents" in words:
            self._told = True
            self._loop.wake()
        elif "ready" in words:
            was_idle = not self._is_lively()
            self._stirred = self._clock.monotonic()
            if was_idle:
                self._loop.wake()

    async def run_once(self) -> float:
        """Look if it is time to; say when to look again."""
        due = self._looked + self._rest - self._clock.monotonic()
        if due > 0 and not self._told:
            return due
        await self.look()
        return self._rest if self._is_lively() else self._idle_seconds

    async def look(self) -> None:
        """Read all, and let the gate and the router know."""
        self._told = False
        begun = self._clock.monotonic()
        statuses = await self._sources.statuses.statuses()
        standings = await self._sources.standings.standing()
        if self._roster.admit(rooms(self._roster, statuses, standings)):
            self._opened()
        closed = {name for name, status in statuses.items() if not status.takes_work} | {*standings}
        self.neighbours.know(await self._elsewhere(), here=self._roster, closed=closed)
        if self._router is not None:
            await self._learn(self._router)
        self._looked = self._clock.monotonic()
        self._rest = max(LOOK_SECONDS, GIVE_WAY * (self._looked - begun))

    def _is_lively(self) -> bool:
        if self._is_busy():
            self._stirred = self._clock.monotonic()
            return True
        return self._clock.monotonic() - self._stirred < LINGER_SECONDS

    async def _learn(self, router: Learned) -> None:
        """Take in what is new, kind by kind; what is believed changes in one step at the end."""
        news = await self._news()
        kinds = _together(self._roster.kinds, self.neighbours.kinds)
        told = {kind for _, kind in news.records} | set(news.decisions)
        changed = {
            kind: names
            for kind, names in kinds.items()
            if kind in told or kind not in self._beliefs
        }
        profiles = {
            agent.name: Known(cost=agent.cost_per_task, weight=agent.weight)
            for agent in self._everybody()
        }
        for kind, belief in beliefs(router.plan, changed, profiles, self._known).items():
            self._beliefs[kind] = belief.prepared(self._beliefs.get(kind))
            await self._scheduler.sleep(0)  # a kind takes milliseconds: let others have their turn
        if changed:
            router.believe(self._beliefs)

    def _everybody(self) -> Iterator[AgentProfiled]:
        yield from (agent.profile for agent in self._roster)
        yield from (neighbour.profile for neighbour in self.neighbours)

    async def _news(self) -> Learnt:
        """Read what was recorded since the last time, and add it to what is known."""
        names = frozenset(agent.name for agent in self._everybody())
        before, self._names = self._names, names
        after = self._known.position if names == before else 0
        news = await self._sources.records.of(names, after=after)
        if names != before:  # somebody is new: all is read, and all believed anew
            self._known = news
            self._beliefs.clear()
        elif news.position < self._known.position:  # the view was built anew, and is not there yet
            self._known = news = await self._sources.records.of(names)
            self._beliefs.clear()
        else:
            self._known = Learnt(
                position=news.position,
                records={**self._known.records, **news.records},
                decisions={**self._known.decisions, **news.decisions},
            )
        return news


def _together(
    here: Mapping[str, Sequence[str]], elsewhere: Mapping[str, Sequence[str]]
) -> Mapping[str, Sequence[str]]:
    """Who does each of our kinds, here and elsewhere."""
    return {kind: [*names, *elsewhere.get(kind, ())] for kind, names in here.items()}


def rooms(
    roster: Roster, statuses: Mapping[str, AgentStatus], standings: Mapping[str, Standing]
) -> dict[str, int]:
    """How many more attempts each agent may get, of those that may not get as many as they like.

    An agent that is reached over a transport also heeds that one's breaker.
    """
    found = {}
    for agent in roster:
        status = statuses.get(agent.name)
        if status is not None and not status.takes_work:
            found[agent.name] = 0
            continue
        bounds = [standings[name].room for name in agent.breakers if name in standings]
        if bounds:
            found[agent.name] = min(bounds)
    return found
