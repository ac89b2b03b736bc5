"""Answers questions about agents from the directory, the board and what was learnt."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from arbiter.application.agent_views import AgentMatch, AgentView, RegistryStats
from arbiter.application.lessons import Known, Lessons
from arbiter.application.ports import AGENT_LIMIT, Around, Clock, Directory, Presence, Records
from arbiter.application.views import TaskBoard
from arbiter.domain import matching
from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.agents import Agent
from arbiter.domain.matching import AgentQuery, Figures, Match, Offering
from arbiter.domain.record import FIRST_SUCCESS_RATE

MOST_ASKED = 256
"""Questions whose fitting agents are kept in mind until one changes."""

ANSWER_KEPT = timedelta(minutes=5)
"""How long an answer is believed where no worker asks any more."""


class AgentFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which agents to list: all that is named must hold."""

    statuses: frozenset[AgentStatus] = frozenset()
    """One of these; empty for all but retired ones."""

    kind: str | None = None
    live: bool | None = None


class _Seen(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known at one moment."""

    around: Around
    running: Mapping[str, int]
    met: Mapping[str, Presence]
    learnt: Known


class _Offered(msgspec.Struct, frozen=True, kw_only=True):
    """The agents, sorted for questions; made once between two changes."""

    agents: Sequence[Agent] = ()
    names: frozenset[str] = frozenset()
    by_name: Mapping[str, Agent] = {}
    by_kind: Mapping[str, Sequence[Offering]] = {}
    asked: dict[Hashable, Sequence[Offering]] = {}
    """Who fits what was asked before; how they do is another matter."""

    def fitting(self, query: AgentQuery) -> Sequence[Offering]:
        """Return who offers all that is asked."""
        asked = (query.kind, query.languages, query.specializations, query.statuses)
        found = self.asked.get(asked)
        if found is None:
            if len(self.asked) >= MOST_ASKED:
                self.asked.clear()
            found = matching.fitting(query, self.by_kind.get(query.kind, ()))
            self.asked[asked] = found
        return found


class AgentFinder:
    """Reads what several ports know of agents, and puts it side by side."""

    def __init__(
        self,
        directory: Directory,
        board: TaskBoard,
        records: Records,
        clock: Clock,
        *,
        limit: int = AGENT_LIMIT,
    ) -> None:
        """Read nothing yet; `limit` is told with the registry's stats."""
        self._directory, self._board, self._clock = directory, board, clock
        self._lessons, self._limit = Lessons(records), limit
        self._offered = _Offered()

    async def list(self, wanted: AgentFilter) -> Sequence[AgentView]:
        """Return agents by name."""
        seen = await self._look()
        chosen = [agent for agent in seen.around.agents if _is_wanted(agent, wanted)]
        views = [self._view(agent, seen) for agent in chosen]
        return [view for view in views if wanted.live in (None, view.live)]

    async def show(self, agent: Agent) -> AgentView:
        """Return one agent."""
        return self._view(agent, await self._look())

    async def query(self, query: AgentQuery, limit: int) -> Sequence[AgentMatch]:
        """Return the agents that fit best, the best first."""
        around, running, _ = await asyncio.gather(
            self._around(), self._board.under_way(), self._lessons.freshen()
        )
        offered = self._offered_by(around.agents)
        live = around.live
        figures = Figures(
            live=live,
            utilization={
                **dict.fromkeys(live, 0.0),
                **{
                    name: _utilization(offered.by_name[name], around, running)
                    for name in running
                    if name in offered.by_name
                },
            },
            success_rate=await self._lessons.rates(offered.names, query.kind),
        )
        found = matching.matches(query, offered.fitting(query), figures, limit)
        return [_match(query, match, offered.by_name[match.name], live) for match in found]

    async def stats(self) -> RegistryStats:
        """Return how the registry stands."""
        views = await self.list(AgentFilter(statuses=frozenset(AgentStatus)))
        there = [view for view in views if view.status != AgentStatus.RETIRED]
        live = [view for view in there if view.live]
        proven = [view for view in there if view.attempts]
        return RegistryStats(
            agents=len(there),
            limit=self._limit,
            statuses=dict(sorted(Counter(view.status for view in views).items())),
            live=len(live),
            active=sum(view.running > 0 for view in there),
            idle=sum(view.running == 0 for view in live),
            average_utilization=_mean([view.utilization for view in live], 0.0),
            average_success_rate=_mean([view.success_rate for view in proven], FIRST_SUCCESS_RATE),
            at=self._clock.now(),
        )

    async def there(self) -> frozenset[str]:
        """Return the agents that are hosted or at work now, whenever they were last met."""
        around, running = await asyncio.gather(self._around(), self._board.under_way())
        return frozenset((*around.hosts, *running))

    async def _look(self) -> _Seen:
        around, running, met, _ = await asyncio.gather(
            self._around(),
            self._board.under_way(),
            self._directory.presence(),
            self._lessons.freshen(),
        )
        learnt = await self._lessons.of(self._offered_by(around.agents).names)
        return _Seen(around=around, running=running, met=met, learnt=learnt)

    async def _around(self) -> Around:
        return await self._directory.around(self._clock.now() - ANSWER_KEPT)

    def _offered_by(self, agents: Sequence[Agent]) -> _Offered:
        if self._offered.agents is not agents:
            by_kind: dict[str, list[Offering]] = {}
            for agent in agents:
                offering = Offering(
                    name=agent.name,
                    status=agent.status,
                    languages=frozenset(agent.profile.languages),
                    specializations=frozenset(agent.profile.specializations),
                )
                for kind in agent.profile.kinds:
                    by_kind.setdefault(kind, []).append(offering)
            by_name = {agent.name: agent for agent in agents}
            self._offered = _Offered(
                agents=agents, names=frozenset(by_name), by_name=by_name, by_kind=by_kind
            )
        return self._offered

    def _view(self, agent: Agent, seen: _Seen) -> AgentView:
        profile, around = agent.profile, seen.around
        records = [
            record
            for kind in profile.kinds
            if (record := seen.learnt.get((agent.name, kind))) is not None
        ]
        attempts = sum(record.attempts for record in records)
        completed = sum(record.completed for record in records)
        return AgentView(
            name=agent.name,
            agent_id=agent.id,
            version=agent.version,
            status=agent.status.value,
            status_at=agent.status_at,
            status_by=agent.status_by,
            status_why=agent.status_why,
            kinds=profile.kinds,
            languages=profile.languages,
            specializations=profile.specializations,
            model_family=profile.model_family,
            concurrency=profile.max_concurrency,
            cost_per_task=profile.cost_per_task,
            weight=profile.weight,
            transport=profile.transport,
            reached_by=profile.reached_by,
            retry=profile.retry,
            limits=profile.limits,
            registered_at=agent.registered_at,
            last_seen_at=self._last_seen(agent, seen),
            live=around.is_live(agent.name),
            hosts=around.hosts.get(agent.name, 0),
            running=seen.running.get(agent.name, 0),
            capacity=_capacity(agent, around),
            utilization=_utilization(agent, around, seen.running),
            attempts=attempts,
            success_rate=completed / attempts if attempts else FIRST_SUCCESS_RATE,
        )

    def _last_seen(self, agent: Agent, seen: _Seen) -> datetime:
        if agent.name in seen.around.hosts:
            return self._clock.now()
        met = seen.met.get(agent.name)
        return met.seen_at if met is not None else agent.registered_at


def _match(query: AgentQuery, match: Match, agent: Agent, live: frozenset[str]) -> AgentMatch:
    return AgentMatch(
        name=match.name,
        status=agent.status.value,
        live=match.name in live,
        kinds=agent.profile.kinds,
        languages=agent.profile.languages,
        specializations=agent.profile.specializations,
        utilization=match.utilization,
        success_rate=match.success_rate,
        score=match.score,
        reason=matching.reason(query, match),
    )


def _is_wanted(agent: Agent, wanted: AgentFilter) -> bool:
    if wanted.kind is not None and wanted.kind not in agent.profile.kinds:
        return False
    return agent.status in wanted.statuses if wanted.statuses else not agent.is_retired


def _capacity(agent: Agent, around: Around) -> int:
    # One that answers needs no host of ours; one that is not ours has its slots once, not per host.
    is_outside = agent.profile.transport == "http"
    hosts = 1 if is_outside else max(1, around.hosts.get(agent.name, 0))
    return agent.profile.max_concurrency * hosts if around.is_live(agent.name) else 0


def _utilization(agent: Agent, around: Around, running: Mapping[str, int]) -> float:
    capacity = _capacity(agent, around)
    return min(1.0, running.get(agent.name, 0) / capacity) if capacity else 1.0


def _mean(values: Sequence[float], nothing: float) -> float:
    return sum(values) / len(values) if values else nothing
