"""What a worker has to know of agents before it gives them work: three reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.breaker import State
from arbiter.domain.record import Record


class Standing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How a breaker that is not closed stands."""

    state: State
    room: int = 0
    """How many more attempts the agent may get now."""

    until: datetime | None = None
    """When an open one half-opens."""


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """The records of some agents, all as the log told them up to one position."""

    position: int = 0
    records: Mapping[tuple[str, str], Record] = {}
    """By agent and kind; who has none is not listed."""


class Statuses(Protocol):
    """Where the agents stand (a directory of agents tells it)."""

    async def statuses(self) -> Mapping[str, AgentStatus]:
        """Return the status of every agent that was ever registered."""
        ...


class Standings(Protocol):
    """Whom breakers keep from work (the breakers tell it)."""

    async def standing(self) -> Mapping[str, Standing]:
        """Return how each agent's breaker stands that is not closed, by the agent's name."""
        ...


class Records(Protocol):
    """What was learnt of agents."""

    async def of(self, agents: Collection[str]) -> Learned:
        """Return the records of these agents, for every kind they ever did."""
        ...


class NothingLearned:
    """Knows of no outcome."""

    async def of(self, agents: Collection[str]) -> Learned:  # noqa: ARG002 - the port's
        """Return no record."""
        return Learned()
