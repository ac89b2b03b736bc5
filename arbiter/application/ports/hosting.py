"""Who works: live worker incarnations, and the agents that were ever registered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.agents import Agent
from arbiter.domain.facts import AgentFact, WorkerJoined, WorkerLeft, WorkerLost


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker learns when it beats."""

    alive: bool
    now: datetime
    others: Mapping[UUID, int]
    """The beat counter of every other incarnation that is neither left nor fully rescued."""

    lost: frozenset[UUID] = frozenset()
    """Those of them that are marked lost already."""


class LiveWorker(msgspec.Struct, frozen=True, kw_only=True):
    """A worker incarnation that has neither left nor been lost."""

    incarnation: UUID
    worker: str
    host: str
    pid: int
    agents: tuple[str, ...]
    queues: tuple[str, ...]
    joined_at: datetime


class Leases(Protocol):
    """Which worker incarnations are alive."""

    async def join(self, joined: WorkerJoined) -> None:
        """Append the fact and open the incarnation's row."""
        ...

    async def beat(self, incarnation: UUID) -> Beat:
        """Raise the counter; tell the time, who else there is, and whether we are lost."""
        ...

    async def mark_lost(self, lost: WorkerLost) -> bool:
        """Append the fact and close the row, if it still stands at the fact's beat and is live."""
        ...

    async def leave(self, left: WorkerLeft) -> bool:
        """Append the fact and close the row, if it is live and nothing is in its hands.

        Others may give it tasks up to that moment, and none after it.
        """
        ...

    async def rescued(self, incarnation: UUID) -> None:
        """Note that nothing of a lost incarnation is left to rescue."""
        ...

    async def workers(self) -> Sequence[LiveWorker]:
        """Return the live incarnations."""
        ...


BeatStep = Callable[[Leases], Awaitable[float]]
"""Beats once over these leases; answers in how many seconds to beat again."""


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """When an agent was last met, and whether it answers."""

    seen_at: datetime
    """The last moment at which a live worker hosted it, it answered, or somebody described it."""

    answers: bool | None = None
    """Whether it answered when it was last asked; None for one that nobody asks."""


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """All agents, and who of them is there, at one moment."""

    agents: Sequence[Agent]
    """By name, retired ones too; the same object for as long as none has changed."""

    hosts: Mapping[str, int]
    """How many live workers host each; who has none is left out."""

    answering: frozenset[str]
    """Those that answered when they were last asked, and were met since the moment that was named."""

    silent: frozenset[str]
    """Those that did not."""

    def is_live(self, name: str) -> bool:
        """Tell whether an agent can be reached."""
        return name in self.answering or (name in self.hosts and name not in self.silent)

    @property
    def live(self) -> frozenset[str]:
        """Every agent that can be reached."""
        return (frozenset(self.hosts) - self.silent) | self.answering


AGENT_LIMIT = 1000


class Directory(Protocol):
    """The agents that were ever registered."""

    async def append(self, fact: AgentFact, *, limit: int = AGENT_LIMIT) -> None:
        """Append the fact and keep what the agent has become; `agents` rings.

        Raises Conflict where another fact came first, and RegistryFull where an agent comes that would be
        one more than `limit`, retired ones left out.
        """
        ...

    async def agent(self, name: str) -> Agent | None:
        """Return one agent, retired or not."""
        ...

    async def agents(self) -> Sequence[Agent]:
        """Return every agent that was ever registered, retired ones too, by name."""
        ...

    async def statuses(self) -> Mapping[str, AgentStatus]:
        """Return which agents take new tasks, and which do not."""
        ...

    async def around(self, since: datetime) -> Around:
        """Return all agents and who is there; an answer before `since` is not believed without a host."""
        ...

    async def presence(self) -> Mapping[str, Presence]:
        """Return when each agent was last met."""
        ...

    async def met(self, names: Collection[str], at: datetime) -> None:
        """Note that agents gave a sign of life."""
        ...

    async def asked(self, name: str, at: datetime, *, answers: bool) -> None:
        """Note whether an agent answered when it was asked for a sign of life."""
        ...

    async def kinds(self) -> frozenset[str]:
        """Return every kind any agent was ever registered for."""
        ...
