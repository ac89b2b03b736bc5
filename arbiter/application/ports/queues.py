"""The switches of whole queues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from arbiter.domain.facts import QueueFact


class QueueState(msgspec.Struct, frozen=True, kw_only=True):
    """What operators decided about a queue."""

    queue: str
    version: int = 0
    paused: bool = False
    running_limit: int | None = None


class Queues(Protocol):
    """The switches of whole queues."""

    async def set(self, fact: QueueFact) -> None:
        """Append the fact and put it in force; a version that is taken is a Conflict."""
        ...

    async def get(self, queue: str) -> QueueState:
        """Return a queue's switches; open and unlimited if nobody ever touched it."""
        ...

    async def all(self) -> Sequence[QueueState]:
        """Return every queue that was ever touched."""
        ...
