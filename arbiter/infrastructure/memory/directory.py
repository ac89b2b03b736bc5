"""The agents' in-memory twin."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from arbiter.application.ports import AGENT_LIMIT, Around, Presence
from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.agents import Agent, evolve
from arbiter.domain.errors import RegistryFull
from arbiter.domain.facts import AgentFact, AgentProfiled, AgentRegistered
from arbiter.infrastructure.memory.store import MemoryStore


class MemoryDirectory:
    """Every agent, and every kind there ever was."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._sorted: tuple[int, Sequence[Agent]] = (0, ())

    async def append(self, fact: AgentFact, *, limit: int = AGENT_LIMIT) -> None:
        """Append the fact and keep what the agent has become; `agents` rings."""
        await asyncio.sleep(0)
        known = self._store.agents
        self._store.facts.refuse_taken([fact])
        if isinstance(fact, AgentRegistered):
            if sum(not agent.is_retired for agent in known.values()) >= limit:
                raise RegistryFull(limit)
            self._store.presence[fact.name] = Presence(seen_at=fact.at)
        became = evolve(known.get(fact.name), fact)
        assert became is not None, "an agent begins with its registration"
        self._store.facts.add([fact])
        known[fact.name] = became
        if isinstance(fact, AgentProfiled):
            self._store.kinds.update(fact.kinds)
            self._store.meet([fact.name], fact.at)
        self._store.bell.ring({"log", "agents"})

    async def agent(self, name: str) -> Agent | None:
        """Return one agent, retired or not."""
        await asyncio.sleep(0)
        return self._store.agents.get(name)

    async def agents(self) -> Sequence[Agent]:
        """Return every agent that was ever registered, retired ones too, by name."""
        await asyncio.sleep(0)
        return self._agents()

    def _agents(self) -> Sequence[Agent]:
        """Sort them once for all who ask between two changes."""
        version = sum(agent.version for agent in self._store.agents.values())
        if version != self._sorted[0]:
            agents = tuple(self._store.agents[name] for name in sorted(self._store.agents))
            self._sorted = version, agents
        return self._sorted[1]

    async def statuses(self) -> Mapping[str, AgentStatus]:
        """Return which agents take new tasks, and which do not."""
        await asyncio.sleep(0)
        return {name: agent.status for name, agent in self._store.agents.items()}

    async def around(self, since: datetime) -> Around:
        """Return all agents and who is there; an answer before `since` is not believed without a host."""
        await asyncio.sleep(0)
        presence = self._store.presence.items()
        return Around(
            agents=self._agents(),
            hosts=Counter(
                name
                for worker in self._store.workers.values()
                if worker.status == "live"
                for name in worker.agents
            ),
            answering=frozenset(
                name for name, met in presence if met.answers and met.seen_at > since
            ),
            silent=frozenset(name for name, met in presence if met.answers is False),
        )

    async def presence(self) -> Mapping[str, Presence]:
        """Return when each agent was last met."""
        await asyncio.sleep(0)
        return dict(self._store.presence)

    async def met(self, names: Collection[str], at: datetime) -> None:
        """Note that agents gave a sign of life."""
        await asyncio.sleep(0)
        self._store.meet(names, at)

    async def asked(self, name: str, at: datetime, *, answers: bool) -> None:
        """Note whether an agent answered when it was asked for a sign of life."""
        await asyncio.sleep(0)
        if answers:
            self._store.meet([name], at)
        known = self._store.presence.get(name)
        if known is not None:
            self._store.presence[name] = replace(known, answers=answers)

    async def kinds(self) -> frozenset[str]:
        """Return every kind any agent was ever registered for."""
        await asyncio.sleep(0)
        return frozenset(self._store.kinds)
