"""The agents' in-memory twin."""

from __future__ import annotations

import asyncio

from arbiter.application.agents import abilities_of
from arbiter.application.ports import AgentProfile
from arbiter.domain.facts import AgentRegistered, AgentUpdated
from arbiter.infrastructure.memory.store import MemoryStore


class MemoryDirectory:
    """The latest profile of every agent, and every kind there ever was."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def register(self, fact: AgentRegistered | AgentUpdated) -> None:
        """Append the fact and keep the profile; an agent that came first elsewhere is a Conflict."""
        await asyncio.sleep(0)
        self._store.facts.add([fact])
        self._store.bell.ring({"log"})
        self._store.agents[fact.name] = AgentProfile(
            agent_id=fact.agent_id,
            name=fact.name,
            version=fact.version,
            kinds=frozenset(fact.kinds),
            abilities=abilities_of(fact),
            max_concurrency=fact.max_concurrency,
        )
        self._store.kinds.update(fact.kinds)

    async def agent(self, name: str) -> AgentProfile | None:
        """Return one agent's profile."""
        await asyncio.sleep(0)
        return self._store.agents.get(name)

    async def kinds(self) -> frozenset[str]:
        """Return every kind any agent was ever registered for."""
        await asyncio.sleep(0)
        return frozenset(self._store.kinds)
