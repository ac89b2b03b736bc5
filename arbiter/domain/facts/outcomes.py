"""What somebody says of a result, after it came."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from arbiter.domain.facts.base import Fact, named


@named("outcome.rated")
class OutcomeRated(Fact, frozen=True, kw_only=True):
    """A judge said how good the result of an attempt is."""

    outcome_id: UUID
    task_id: UUID
    attempt: int
    agent: str
    """Whose attempt it was."""

    kind: str
    quality: float
    """This judge's word, 0 to 1."""

    judge: str
    counts: float
    """What the attempt's quality is taken for from now on: the mean of its judges' last words."""

    ended_at: datetime
    """When the attempt ended: its quality belongs to that time, not to the time of the rating."""

    before: float | None = None
    """What it was taken for until now: its judges' words, else the handler's own; None for nothing."""

    why: str | None = None

    @property
    def stream_id(self) -> UUID:
        """The outcome's own stream: all that is said of one attempt."""
        return self.outcome_id
