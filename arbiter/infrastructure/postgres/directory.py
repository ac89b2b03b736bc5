"""The agents on PostgreSQL: a fact and a row, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from arbiter.application.agents import abilities_of, agent_id
from arbiter.application.ports import AGENT_LIMIT, Around, Presence
from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.agents import Agent
from arbiter.domain.errors import RegistryFull
from arbiter.domain.facts import (
    AgentFact,
    AgentProfiled,
    AgentRegistered,
    AgentRetired,
    AgentStatusChanged,
    encode,
)
from arbiter.infrastructure.postgres.arrays import texts
from arbiter.infrastructure.postgres.connections import Reader, Row
from arbiter.infrastructure.postgres.hosting import Recording

_read_profile = msgspec.json.Decoder(AgentRegistered).decode


class PostgresDirectory(Recording):
    """The agents that were ever registered; all of them are read again only when one has changed."""

    def __init__(self, reader: Reader, channel: str) -> None:
        """The reader must be open before the first call."""
        super().__init__(reader, channel)
        self._read: tuple[int, Sequence[Agent]] = (-1, ())

    async def append(self, fact: AgentFact, *, limit: int = AGENT_LIMIT) -> None:
        """Append the fact and keep what the agent has become; `agents` rings."""
        comes, goes = isinstance(fact, AgentRegistered), isinstance(fact, AgentRetired)

        def passes(row: Row | None) -> bool:
            if row is None or (comes and row[0] > limit):
                raise RegistryFull(limit)
            return True

        await self._record(
            fact,
            "upsert_agent" if isinstance(fact, AgentProfiled) else "set_agent_status",
            _columns(fact),
            guard=("count_agent", {"more": int(comes) - int(goes)}),
            passes=passes,
            words=("log", "agents"),
        )

    async def agent(self, name: str) -> Agent | None:
        """Return one agent, retired or not."""
        row = await self._reader.row("select_agent", {"name": name})
        return _agent(row) if row else None

    async def agents(self) -> Sequence[Agent]:
        """Return every agent that was ever registered, retired ones too, by name."""
        counted = await self._reader.row("select_agent_changes")
        assert counted is not None, "an aggregate has one row"
        return await self._agents(counted[0])

    async def _agents(self, changes: int) -> Sequence[Agent]:
        read, agents = self._read
        if changes != read:
            agents = tuple(_agent(row) for row in await self._reader.rows("select_agents"))
            # Counted before they were read: what came between is read once more, never missed.
            self._read = changes, agents
        return agents

    async def statuses(self) -> Mapping[str, AgentStatus]:
        """Return which agents take new tasks, and which do not."""
        rows = await self._reader.rows("select_agent_statuses")
        return {name: AgentStatus(status) for name, status in rows}

    async def around(self, since: datetime) -> Around:
        """Return all agents and who is there; an answer before `since` is not believed without a host."""
        hosts: Counter[str] = Counter()
        asked: dict[str, frozenset[str]] = {}
        changes = 0
        for what, names, how_many in await self._reader.rows("look_around", {"since": since}):
            match what:
                case "hosted":
                    hosts.update(names)
                case "changes":
                    changes = how_many
                case _:
                    asked[what] = frozenset(names)
        return Around(
            agents=await self._agents(changes),
            hosts=hosts,
            answering=asked.get("answers", frozenset()),
            silent=asked.get("silent", frozenset()),
        )

    async def presence(self) -> Mapping[str, Presence]:
        """Return when each agent was last met."""
        return {
            name: Presence(seen_at=seen_at, answers=answers)
            for name, seen_at, answers in await self._reader.rows("select_presence")
        }

    async def met(self, names: Collection[str], at: datetime) -> None:
        """Note that agents gave a sign of life."""
        await self._meet(names, at, answers=None, is_met=True)

    async def asked(self, name: str, at: datetime, *, answers: bool) -> None:
        """Note whether an agent answered when it was asked for a sign of life."""
        await self._meet([name], at, answers=answers, is_met=answers)

    async def _meet(
        self, names: Collection[str], at: datetime, *, answers: bool | None, is_met: bool
    ) -> None:
        told = {"names": texts(list(names)), "at": at, "answers": answers, "is_met": is_met}
        await self._reader.run("meet_agents", told)

    async def kinds(self) -> frozenset[str]:
        """Return every kind any agent was ever registered for."""
        return frozenset(row[0] for row in await self._reader.rows("select_kinds"))


def _columns(fact: AgentFact) -> Mapping[str, Any]:
    shared = {"name": fact.name, "version": fact.version, "at": fact.at}
    match fact:
        case AgentProfiled():
            return {
                **shared,
                "agent_id": fact.agent_id,
                "kinds": sorted(fact.kinds),
                "abilities": sorted(abilities_of(fact)),
                "max_concurrency": fact.max_concurrency,
                "profile": encode(fact).decode(),
                "anew": isinstance(fact, AgentRegistered),
            }
        case AgentStatusChanged():
            return {**shared, "status": fact.status.value, "by": fact.by, "why": fact.why}
        case AgentRetired():
            retired = AgentStatus.RETIRED.value
            return {**shared, "status": retired, "by": fact.by, "why": fact.why}
        case _:
            raise TypeError(f"the directory does not know what follows from {fact.topic}")


def _agent(row: Row) -> Agent:
    version, profile, status, status_at, status_by, status_why, registered_at = row
    described = _read_profile(profile)
    return Agent(
        id=agent_id(described.name),
        name=described.name,
        version=version,
        profile=described,
        status=AgentStatus(status),
        status_at=status_at,
        status_by=status_by,
        status_why=status_why,
        registered_at=registered_at,
    )
