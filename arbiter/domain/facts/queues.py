"""What operators decide about whole queues."""

from __future__ import annotations

from uuid import UUID

from arbiter.domain.facts.base import Fact, named


class QueueFact(Fact, frozen=True, kw_only=True):
    """Something that happened to one queue."""

    queue_id: UUID
    queue: str
    by: str | None = None
    why: str | None = None

    @property
    def stream_id(self) -> UUID:
        """The queue's own stream."""
        return self.queue_id


@named("queue.paused")
class QueuePaused(QueueFact, frozen=True, kw_only=True):
    """Nothing of this queue is dispatched until it is resumed."""


@named("queue.resumed")
class QueueResumed(QueueFact, frozen=True, kw_only=True):
    """The queue is dispatched again."""


@named("queue.limited")
class QueueLimited(QueueFact, frozen=True, kw_only=True):
    """At most so many tasks of this queue run at a time, over all workers; None is no limit."""

    limit: int | None
