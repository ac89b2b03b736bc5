"""How many tasks each queue holds, by kind, tenant and status, ready to be read without counting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from arbiter.domain.status import Status
from arbiter.projections.base import Batch, Projection, View
from arbiter.projections.task_line import TaskLine

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for a task that waits for no moment."""

QUEUED = Status.QUEUED.value


class Place(NamedTuple):
    """Where tasks are counted together."""

    queue: str
    kind: str
    tenant: str
    status: str
    from_minute: datetime
    """The minute in which a queued task is first offered; AT_ONCE if that is no later one."""


class QueueDepthChange(msgspec.Struct, frozen=True):
    """How many tasks more, or fewer, each place holds."""

    tasks: Mapping[Place, int]


class QueueDepthView(View[QueueDepthChange]):
    """The number of tasks at every place that has any."""


class QueueDepth(Projection[QueueDepthChange]):
    """Counts tasks by queue, kind, tenant and status, and those that are not due yet by minute."""

    name = "queue_depth_v1"

    def fold(self, batch: Batch) -> QueueDepthChange:
        """Take each task from the place it had before the batch to the one it has after it."""
        tasks: dict[Place, int] = {}
        for task_id, after in batch.lines.items():
            before = batch.known.get(task_id)
            goes_to = place_of(after)
            tasks[goes_to] = tasks.get(goes_to, 0) + 1
            if before is not None:
                came_from = place_of(before)
                tasks[came_from] = tasks.get(came_from, 0) - 1
        return QueueDepthChange({place: more for place, more in tasks.items() if more})


def place_of(line: TaskLine) -> Place:
    """Tell where a task is counted: its line decides, not the moment of asking."""
    return Place(line.queue, line.kind, line.tenant, line.status, _from_minute(line))


def _from_minute(line: TaskLine) -> datetime:
    offered_from = line.offered_from if line.status == QUEUED else None
    if offered_from is None:
        return AT_ONCE
    minute = offered_from.replace(second=0, microsecond=0)
    # A retry in three seconds is as good as ready, and most retries are like that.
    return minute if minute > line.updated_at else AT_ONCE
