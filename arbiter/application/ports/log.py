"""All facts, in commit order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from arbiter.application.ports.decisions import Entry, Recorded
from arbiter.domain.facts import Fact


class Log(Protocol):
    """All facts, in commit order."""

    async def append(self, entry: Entry) -> int:
        """Write one decision whole; return the position reached once it is durable.

        Raises Conflict when the task has moved on from the expected version (nothing is written),
        Unavailable when the database cannot be reached.
        """
        ...

    def put(self, entry: Entry, answer: Callable[[int | Exception], object]) -> None:
        """Write one decision as `append` does; answer once, on the loop, with what that returns or raises.

        For who has much to append: nothing has to wait for each. It may answer before this returns.
        """
        ...

    async def append_many(self, entries: Sequence[Entry]) -> Sequence[int | Exception]:
        """Write many decisions, each whole or not at all; answer for each in order."""
        ...

    async def append_facts(self, facts: Sequence[Fact]) -> int:
        """Write facts that concern no task, all or none; return the position reached."""
        ...

    async def stream(self, stream_id: UUID) -> Sequence[Fact]:
        """Return all facts of one stream in order; nothing for an unknown one."""
        ...

    async def streams(self, stream_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Fact]]:
        """Return the facts of several streams; unknown ones are left out."""
        ...

    async def recorded(self, stream_id: UUID) -> Sequence[Recorded]:
        """Return all facts of one stream with their positions."""
        ...

    async def read(self, after: int, limit: int) -> Sequence[Recorded]:
        """Return the next facts behind a position, in order."""
        ...

    async def routed_since(
        self, at: datetime, *, after: int = 0, limit: int = 500
    ) -> Sequence[tuple[int, UUID]]:
        """Return where tasks were routed at a moment or later, behind a position: (position, task).

        Some that were routed shortly before may be among them; a task comes as often as it was routed.
        """
        ...

    async def last_position(self) -> int:
        """Return the position of the last fact; 0 for an empty log."""
        ...

    async def barrier(self, incarnation: UUID) -> None:
        """Wait until every append and turn of an incarnation that has begun has ended, either way."""
        ...
