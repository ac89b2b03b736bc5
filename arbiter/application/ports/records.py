"""What is known of the agents, for who routes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

import msgspec

from arbiter.domain.record import Record


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """What the facts up to a position tell of some agents: exactly their fold, whoever asks when."""

    position: int
    records: Mapping[tuple[str, str], Record]
    """By agent and kind; who never had an attempt of a kind has no record of it."""

    decisions: Mapping[str, int]
    """By kind: how often an attempt was given to any agent."""


class Records(Protocol):
    """What outcomes told of agents."""

    async def of(self, agents: Collection[str], *, after: int = 0) -> Learnt:
        """Return these agents' records; behind a position, only what is new since it was read."""
        ...
