"""One line per task: where it stands, to be searched."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from arbiter.projections.base import Batch, Projection, View
from arbiter.projections.task_line import TaskLine


class TaskBoardChange(msgspec.Struct, frozen=True):
    """The lines that are new or different: one per task, however much happened to it."""

    lines: Sequence[TaskLine]


class TaskBoardView(View[TaskBoardChange]):
    """The line of every task, which is also what the next batch needs to know."""


class TaskBoard(Projection[TaskBoardChange]):
    """Keeps every task's line."""

    name = "task_board_v1"

    def fold(self, batch: Batch) -> TaskBoardChange:
        """Keep each task's last line."""
        return TaskBoardChange(list(batch.lines.values()))
