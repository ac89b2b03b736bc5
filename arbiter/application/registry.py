"""Turns orders about agents into facts: one decision and one append each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from arbiter.application.conflicts import decided_again
from arbiter.application.ports import AGENT_LIMIT, Clock, Directory
from arbiter.domain import agents
from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.agents import Agent, Mode
from arbiter.domain.errors import AgentNotFound
from arbiter.domain.facts import AgentFact, AgentRegistered

Decision = Callable[[Agent | None], AgentFact | None]


class Registry:
    """The agents, as orders change them; nothing is appended where nothing would change."""

    def __init__(self, directory: Directory, clock: Clock, *, limit: int = AGENT_LIMIT) -> None:
        """At most `limit` agents are registered at a time."""
        self._directory, self._clock, self._limit = directory, clock, limit

    async def register(self, described: AgentRegistered, *, mode: Mode = "idempotent") -> Agent:
        """Make an agent known. Raises AgentAlreadyExists, RegistryFull."""
        return await self._decide(
            described.name, lambda agent: agents.register(agent, described, mode=mode)
        )

    async def host(self, described: AgentRegistered) -> Agent:
        """Make an agent known that a worker is about to host, unless it was retired.

        Raises RegistryFull.
        """
        await self._decide(described.name, lambda agent: _hosted(agent, described))
        return await self._decide(
            described.name,
            lambda agent: agents.host(_there(agent, described.name), at=self._clock.now()),
        )

    async def update(
        self, name: str, changes: Mapping[str, Any], *, by: str | None = None
    ) -> Agent:
        """Change some fields of an agent's profile. Raises AgentNotFound, AgentGone."""
        return await self._change(
            name, lambda agent: agents.update(agent, changes, at=self._clock.now(), by=by)
        )

    async def set_status(
        self, name: str, status: AgentStatus, *, by: str | None = None, why: str | None = None
    ) -> Agent:
        """Say whether an agent takes new tasks. Raises AgentNotFound, AgentGone."""
        return await self._change(
            name,
            lambda agent: agents.change_status(agent, status, at=self._clock.now(), by=by, why=why),
        )

    async def retire(self, name: str, *, by: str | None = None, why: str | None = None) -> Agent:
        """Let an agent go. Raises AgentNotFound."""
        return await self._change(
            name, lambda agent: agents.retire(agent, at=self._clock.now(), by=by, why=why)
        )

    async def known(self, name: str) -> Agent:
        """Return one agent, retired or not. Raises AgentNotFound, with the nearest name."""
        agent = await self._directory.agent(name)
        if agent is None:
            raise AgentNotFound(name, await self._nearest(name))
        return agent

    async def clean_up(
        self, older_than: timedelta, *, spared: Collection[str] = ()
    ) -> Sequence[Agent]:
        """Take agents as offline that nobody has met for so long; say which.

        `spared` are those that are known to be there: hosted, or at work.
        """
        before = self._clock.now() - older_than
        presence = await self._directory.presence()
        changed: list[Agent] = []
        for agent in await self._directory.agents():
            seen_at = presence[agent.name].seen_at if agent.name in presence else before
            if seen_at < before and agent.name not in spared and self._missed(seen_at)(agent):
                changed.append(await self._change(agent.name, self._missed(seen_at)))
        return changed

    def _missed(self, since: datetime) -> Callable[[Agent], AgentFact | None]:
        return lambda agent: agents.miss(agent, since=since, at=self._clock.now())

    async def _change(self, name: str, decide: Callable[[Agent], AgentFact | None]) -> Agent:
        await self.known(name)
        return await self._decide(name, lambda agent: decide(_there(agent, name)))

    async def _decide(self, name: str, decide: Decision) -> Agent:
        async def once() -> Agent:
            agent = await self._directory.agent(name)
            fact = decide(agent)
            if fact is None:
                return _there(agent, name)
            became = _there(agents.evolve(agent, fact), name)
            await self._directory.append(fact, limit=self._limit)
            return became

        return await decided_again(once)

    async def _nearest(self, name: str) -> str | None:
        near = get_close_matches(name, await self._directory.statuses(), n=1)
        return near[0] if near else None


def _there(agent: Agent | None, name: str) -> Agent:
    if agent is None:
        raise AgentNotFound(name)
    return agent


def _hosted(agent: Agent | None, described: AgentRegistered) -> AgentFact | None:
    """Decide as registering does; but retiring, and an operator's weight, stand."""
    if agent is None:
        return described
    if agent.is_retired:
        return None
    changes = agents.profile_of(described)
    if described.weight == 1.0:
        changes["weight"] = agent.profile.weight
    return agents.update(agent, changes, at=described.at)
