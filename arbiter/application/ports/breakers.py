"""Who may have no work, or little, because it failed; and the permits of those who are tried again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from arbiter.application.ports.knowledge import Standing
from arbiter.domain.breaker import Breaker
from arbiter.domain.facts import BreakerFact


class Probe(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An attempt that is to begin under breakers that may be half-open."""

    task_id: UUID
    attempt_id: UUID
    breakers: tuple[str, ...]
    """All of them have to permit it."""


class Breakers(Protocol):
    """The breakers that ever moved. A permit lasts as long as its task is claimed for it, or runs it."""

    async def move(self, fact: BreakerFact) -> None:
        """Append the fact and put it in force, ringing 'agents'; a version that is taken is a Conflict."""
        ...

    async def get(self, name: str) -> Breaker:
        """Return a breaker as its facts tell it; one that never moved is new."""
        ...

    async def all(self) -> Sequence[Breaker]:
        """Return every breaker that ever moved, by name."""
        ...

    async def standing(self) -> Mapping[str, Standing]:
        """Return how those stand that are not closed, by name: of agents, and of transports."""
        ...

    async def permit(self, incarnation: UUID, probes: Sequence[Probe]) -> frozenset[UUID]:
        """Take permits for tasks this incarnation has claimed; return the tasks that may begin.

        Of a half-open breaker no more stand at a time than it allows, whoever asks. An open one
        permits nothing; a closed one, everything.
        """
        ...

    async def give_back(self) -> int:
        """Drop the permits of attempts that are over; ring 'agents' if there were any; say how many."""
        ...
