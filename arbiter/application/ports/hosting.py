"""Who works: live worker incarnations, and the agents that were ever registered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from arbiter.domain.facts import AgentRegistered, AgentUpdated, WorkerJoined, WorkerLeft, WorkerLost


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

    async def leave(self, left: WorkerLeft) -> None:
        """Append the fact and close the row."""
        ...

    async def rescued(self, incarnation: UUID) -> None:
        """Note that nothing of a lost incarnation is left to rescue."""
        ...

    async def workers(self) -> Sequence[LiveWorker]:
        """Return the live incarnations."""
        ...


BeatStep = Callable[[Leases], Awaitable[float]]
"""Beats once over these leases; answers in how many seconds to beat again."""


class AgentProfile(msgspec.Struct, frozen=True, kw_only=True):
    """An agent as it was last registered."""

    agent_id: UUID
    name: str
    version: int
    kinds: frozenset[str]
    abilities: frozenset[str]
    max_concurrency: int


class Directory(Protocol):
    """The agents that were ever registered."""

    async def register(self, fact: AgentRegistered | AgentUpdated) -> None:
        """Append the fact and keep the profile; an agent that came first elsewhere is a Conflict."""
        ...

    async def agent(self, name: str) -> AgentProfile | None:
        """Return one agent's profile."""
        ...

    async def kinds(self) -> frozenset[str]:
        """Return every kind any agent was ever registered for."""
        ...
