"""When the same error keeps coming back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from arbiter.domain.facts.base import Fact, named


@named("failure.alerted")
class FailureAlerted(Fact, frozen=True, kw_only=True):
    """One failure pattern came back so often within its window that somebody should know."""

    pattern_id: UUID
    fingerprint: str
    agent: str
    kind: str
    type: str
    pattern: str
    """The message without what differs from time to time."""

    count: int
    """How often it happened within the window."""

    since: datetime
    """When the first of these happened."""

    window_seconds: float
    task_id: UUID | None = None
    """The task whose error raised the alert: an example."""

    @property
    def stream_id(self) -> UUID:
        """The pattern's own stream."""
        return self.pattern_id
