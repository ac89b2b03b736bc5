"""Answers questions about agents from the directory, the workers, the board and what was learnt."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

import msgspec

from arbiter.application.agent_views import AgentMatch, AgentView, RegistryStats
from arbiter.application.ports import (
    AGENT_LIMIT,
    Clock,
    Directory,
    Leases,
    Presence,
    Records,
)
from arbiter.application.views import TaskBoard
from arbiter.domain import matching
from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.agents import Agent
from arbiter.domain.matching import AgentQuery, Offering
from arbiter.domain.record import NO_RECORD, Record

Known = Mapping[tuple[str, str], Record]
"""What is known of agents, by agent and kind."""

ANSWER_KEPT = timedelta(minutes=5)
"""How long an answer is believed where no worker asks any more."""


class AgentFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which agents to list: all that is named must hold."""

    statuses: frozenset[AgentStatus] = frozenset()
    """One of these; empty for all but retired ones."""

    kind: str | None = None
    live: bool | None = None


class Presences(msgspec.Struct, frozen=True, kw_only=True):
    """Who is there, and how much they have to do, at one moment."""

    hosts: Mapping[str, int]
    running: Mapping[str, int]
    met: Mapping[str, Presence]


class AgentFinder:
    """Reads what several ports know of agents, and puts it side by side."""

    def __init__(
        self,
        directory: Directory,
        leases: Leases,
        board: TaskBoard,
        records: Records,
        clock: Clock,
        *,
        limit: int = AGENT_LIMIT,
    ) -> None:
        """Read nothing yet; `limit` is told with the registry's stats."""
        self._directory, self._leases, self._board = directory, leases, board
        self._records, self._clock, self._limit = records, clock, limit
        self._learnt: tuple[frozenset[str], int, Known] = (frozenset(), 0, {})
        self._offered: tuple[Sequence[Agent], Mapping[str, list[_Offered]]] = ((), {})

    async def list(self, wanted: AgentFilter) -> Sequence[AgentView]:
        """Return agents by name."""
        agents, there = await asyncio.gather(self._directory.agents(), self._presences())
        chosen = [agent for agent in agents if _is_wanted(agent, wanted)]
        learnt = await self._learn(agents)
        views = [self._view(agent, there, learnt) for agent in chosen]
        return [view for view in views if wanted.live in (None, view.live)]

    async def show(self, agent: Agent) -> AgentView:
        """Return one agent."""
        there, learnt = await asyncio.gather(self._presences(), self._records.of([agent.name]))
        return self._view(agent, there, learnt.records)

    async def query(self, query: AgentQuery, limit: int) -> Sequence[AgentMatch]:
        """Return the agents that fit best, the best first."""
        agents, there = await asyncio.gather(self._directory.agents(), self._presences())
        by_name = {
            offered.agent.name: offered
            for offered in self._of_kind(agents, query.kind)
            if offered.agent.status in query.statuses
        }
        learnt = await self._learn(agents)
        found = matching.matches(
            query,
            [
                Offering(
                    name=name,
                    languages=offered.languages,
                    specializations=offered.specializations,
                    utilization=_utilization(offered.agent, there, self._is_live(name, there)),
                    success_rate=learnt.get((name, query.kind), NO_RECORD).success_rate,
                )
                for name, offered in by_name.items()
                if query.live is None or query.live is self._is_live(name, there)
            ],
        )[:limit]
        return [
            AgentMatch(
                agent=self._view(by_name[match.name].agent, there, learnt),
                score=match.score,
                success_rate=match.success_rate,
                reason=matching.reason(query, match),
            )
            for match in found
        ]

    async def stats(self) -> RegistryStats:
        """Return how the registry stands."""
        everybody = frozenset(AgentStatus)
        views = await self.list(AgentFilter(statuses=everybody))
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
            average_success_rate=_mean(
                [view.success_rate for view in proven], NO_RECORD.success_rate
            ),
            at=self._clock.now(),
        )

    async def there(self) -> Collection[str]:
        """Return the agents that are hosted or at work now, whenever they were last met."""
        there = await self._presences()
        return {*there.hosts, *there.running}

    async def _presences(self) -> Presences:
        workers, running, met = await asyncio.gather(
            self._leases.workers(), self._board.under_way(), self._directory.presence()
        )
        hosts = Counter(name for worker in workers for name in worker.agents)
        return Presences(hosts=hosts, running=running, met=met)

    def _of_kind(self, agents: Sequence[Agent], kind: str) -> Sequence[_Offered]:
        """Return the agents of a kind; sorted by kind once for all queries between two changes."""
        if self._offered[0] is not agents:
            by_kind: dict[str, list[_Offered]] = {}
            for agent in agents:
                offered = _Offered(
                    agent,
                    frozenset(agent.profile.languages),
                    frozenset(agent.profile.specializations),
                )
                for each in agent.profile.kinds:
                    by_kind.setdefault(each, []).append(offered)
            self._offered = agents, by_kind
        return self._offered[1].get(kind, ())

    async def _learn(self, agents: Sequence[Agent]) -> Known:
        """Return the records of all agents; those known already are not read again."""
        names = frozenset(agent.name for agent in agents)
        asked, position, known = self._learnt
        after = position if names <= asked else 0
        news = await self._records.of(names, after=after)
        records = {**known, **news.records} if after else dict(news.records)
        self._learnt = names, max(after, news.position), records
        return records

    def _is_live(self, name: str, there: Presences) -> bool:
        met, hosted = there.met.get(name), name in there.hosts
        if met is None or met.answers is None:
            return hosted
        lately = hosted or self._clock.now() - met.seen_at < ANSWER_KEPT
        return met.answers and lately

    def _view(self, agent: Agent, there: Presences, learnt: Known) -> AgentView:
        profile, live = agent.profile, self._is_live(agent.name, there)
        met = there.met.get(agent.name)
        records = [
            record
            for kind in profile.kinds
            if (record := learnt.get((agent.name, kind))) is not None and record.attempts
        ]
        attempts = sum(record.attempts for record in records)
        succeeded = sum(record.attempts * record.success_rate for record in records)
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
            registered_at=agent.registered_at,
            last_seen_at=self._clock.now()
            if agent.name in there.hosts
            else (met.seen_at if met is not None else agent.registered_at),
            live=live,
            hosts=there.hosts.get(agent.name, 0),
            running=there.running.get(agent.name, 0),
            capacity=_capacity(agent, there, live),
            utilization=_utilization(agent, there, live),
            attempts=attempts,
            success_rate=succeeded / attempts if attempts else NO_RECORD.success_rate,
        )


class _Offered(msgspec.Struct, frozen=True, gc=False):
    agent: Agent
    languages: frozenset[str]
    specializations: frozenset[str]


def _is_wanted(agent: Agent, wanted: AgentFilter) -> bool:
    if wanted.kind is not None and wanted.kind not in agent.profile.kinds:
        return False
    return agent.status in wanted.statuses if wanted.statuses else not agent.is_retired


def _capacity(agent: Agent, there: Presences, live: bool) -> int:
    # One that answers needs no host of ours; one that is not ours has its slots once, not per host.
    is_outside = agent.profile.transport == "http"
    hosts = 1 if is_outside else max(1, there.hosts.get(agent.name, 0))
    return agent.profile.max_concurrency * hosts if live else 0


def _utilization(agent: Agent, there: Presences, live: bool) -> float:
    capacity = _capacity(agent, there, live)
    return min(1.0, there.running.get(agent.name, 0) / capacity) if capacity else 1.0


def _mean(values: Sequence[float], nothing: float) -> float:
    return sum(values) / len(values) if values else nothing
