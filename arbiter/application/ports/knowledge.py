"""What a worker has to know of agents before it gives them work, beside their records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.breaker import State


class Standing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How a breaker that is not closed stands."""

    state: State
    room: int = 0
    """How many more attempts there may be now; each of a half-open one's needs a permit all the same."""

    until: datetime | None = None
    """When an open one half-opens; None while an operator keeps it open."""


class Statuses(Protocol):
    """Where the agents stand (a directory of agents tells it)."""

    async def statuses(self) -> Mapping[str, AgentStatus]:
        """Return the status of every agent that was ever registered."""
        ...


class Standings(Protocol):
    """Whom breakers keep from work (the breakers tell it)."""

    async def standing(self) -> Mapping[str, Standing]:
        """Return how each breaker stands that is not closed: by the agent's name, or the transport's."""
        ...
