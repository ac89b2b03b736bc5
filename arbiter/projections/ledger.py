"""How far each projection has come, and the one way to bring it further."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec

from arbiter.projections.task_line import TaskLine


class Tracked(msgspec.Struct, frozen=True):
    """How far one projection has come; one that stopped at a fact goes no further by itself."""

    name: str
    position: int = 0
    error: str | None = None
    error_position: int | None = None
    """The fact that it cannot take."""


class BehindItself(ValueError):
    """A batch that a projection has taken before: it is written once."""

    def __init__(self, name: str, position: int) -> None:
        """Keep who was to take what."""
        self.name, self.position = name, position
        super().__init__(f"projection {name} has come to position {position} before")


class Writing(Protocol):
    """One transaction over the views: all that is written in it counts, or nothing of it."""

    @property
    def tracked(self) -> Mapping[str, Tracked]:
        """The projections that are ours to bring further, and nobody else's meanwhile."""
        ...

    async def lines(self, task_ids: Collection[UUID]) -> Mapping[UUID, TaskLine]:
        """Return the task board's lines as they stand; tasks it does not know are left out."""
        ...

    async def write(self, changes: Mapping[str, Any], position: int) -> None:
        """Let views take their projections' changes, and record the position they reach with it.

        Raises BehindItself when one of them stands there already, or further.
        """
        ...

    async def stop(self, name: str, position: int, error: str, at: datetime) -> None:
        """Record at which fact a projection cannot go on, and why."""
        ...


class Ledger(Protocol):
    """Where the views are written and how far they have come is kept."""

    def lead(self, names: Sequence[str]) -> AbstractAsyncContextManager[Writing]:
        """Begin to write those of the named projections that nobody else is writing.

        Raises Unavailable when the database cannot be reached or has given up on the transaction.
        """
        ...

    async def tracked(self) -> Mapping[str, Tracked]:
        """Return every projection that was ever led."""
        ...

    async def retry(self, name: str) -> bool:
        """Let a stopped projection try again from where it stands; False if it was not stopped."""
        ...
