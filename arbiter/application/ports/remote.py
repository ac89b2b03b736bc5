"""The attempts whose work is done outside: which there are, and how many an agent may have at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec


class RemoteAttempt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An attempt that was sent to an agent outside."""

    attempt_id: UUID
    task_id: UUID
    agent: str
    queue: str
    sent_at: datetime


class RemoteAttempts(Protocol):
    """The attempts that were sent outside; one is under way as long as it holds its task."""

    async def admit(self, attempt: RemoteAttempt, most: int) -> bool:
        """Note an attempt before it is sent; False where its agent has `most` others under way.

        The same attempt may be noted again. What is over for a week is forgotten on the way.
        """
        ...

    async def find(self, attempt_id: UUID) -> RemoteAttempt | None:
        """Return an attempt that was noted, over or not."""
        ...

    async def elsewhere(self, agents: Collection[str], incarnation: UUID) -> Mapping[str, int]:
        """Return how many attempts each agent has under way that this incarnation does not run.

        Agents without any are left out.
        """
        ...
