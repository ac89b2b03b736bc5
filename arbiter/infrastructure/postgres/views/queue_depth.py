"""Queue depth on PostgreSQL: a row per place that holds tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from arbiter.application.ports import Clock
from arbiter.application.views import QueueDepth
from arbiter.infrastructure.postgres.arrays import integers, moments, texts
from arbiter.infrastructure.postgres.connections import Reader
from arbiter.infrastructure.postgres.views.writer import Writer
from arbiter.infrastructure.reading import depths_of, no_depth
from arbiter.projections.queue_depth import Place, QueueDepthChange


class PostgresQueueDepth:
    """Takes what each place wins and loses."""

    def __init__(self, writer: Writer) -> None:
        """Write within one transaction."""
        self._writer = writer

    async def apply(self, change: QueueDepthChange) -> None:
        """Add to the places, and drop those that are empty now."""
        if not change.tasks:
            return
        places = list(change.tasks)
        await self._writer.run(
            "add_to_queue_depth",
            {**_columns(places), "tasks": integers([change.tasks[place] for place in places])},
        )
        left = [place for place in places if change.tasks[place] < 0]
        if left:
            await self._writer.run("forget_empty_places", _columns(left))


class PostgresQueueDepths:
    """How many tasks the queues hold."""

    def __init__(self, reader: Reader, clock: Clock) -> None:
        """The clock tells which tasks are delayed still."""
        self._reader, self._clock = reader, clock

    async def of(self, queue: str) -> QueueDepth:
        """Return one queue's depth; an unknown queue is empty."""
        return (await self._read(queue)).get(queue, no_depth(queue))

    async def all(self) -> Sequence[QueueDepth]:
        """Return the depth of every queue that holds a task, by name."""
        return list((await self._read(None)).values())

    async def _read(self, queue: str | None) -> dict[str, QueueDepth]:
        rows = await self._reader.rows("select_queue_depth", {"queue": queue})
        return depths_of([(Place(*row[:-1]), row[-1]) for row in rows], self._clock.now())


def _columns(places: Sequence[Place]) -> dict[str, Any]:
    return {
        "queue": texts([place.queue for place in places]),
        "kind": texts([place.kind for place in places]),
        "tenant": texts([place.tenant for place in places]),
        "status": texts([place.status for place in places]),
        "from_minute": moments([place.from_minute for place in places]),
    }
