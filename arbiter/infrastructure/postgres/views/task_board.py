"""The task board on PostgreSQL: a row per task."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from arbiter.application.views import ANY_TASK, TaskFilter, TaskPage, TaskSummary
from arbiter.infrastructure.postgres.arrays import integers, moments, texts, uuids
from arbiter.infrastructure.postgres.connections import Reader
from arbiter.infrastructure.postgres.views.searching import Searching
from arbiter.infrastructure.postgres.views.writer import Writer
from arbiter.infrastructure.reading import (
    LONG_AGO,
    Cursor,
    cursor_of,
    limit_of,
    page_of,
    statuses_of,
    summary_of,
)
from arbiter.projections.task_board import TaskBoardChange
from arbiter.projections.task_line import TaskLine


class PostgresTaskBoard:
    """Takes the lines of tasks, and knows them."""

    def __init__(self, writer: Writer) -> None:
        """Write within one transaction."""
        self._writer = writer

    async def apply(self, change: TaskBoardChange) -> None:
        """Put down each line."""
        if change.lines:
            await self._writer.run("upsert_task_lines", _columns(change.lines))

    async def lines(self, task_ids: Collection[UUID]) -> Mapping[UUID, TaskLine]:
        """Return lines as they stand."""
        if not task_ids:
            return {}
        rows = await self._writer.rows("select_task_lines", {"ids": uuids(list(task_ids))})
        return {row[0]: TaskLine(*row) for row in rows}


class PostgresTaskFinder:
    """Every task in one line."""

    def __init__(self, reader: Reader, searching: Searching) -> None:
        """Tasks are read by id, or searched for."""
        self._reader, self._searching = reader, searching

    async def find(
        self, wanted: TaskFilter = ANY_TASK, *, after: str | None = None, limit: int = 50
    ) -> TaskPage:
        """Return tasks, newest first; `after` is a page's `next`."""
        behind = cursor_of(after)
        if wanted.submitted_before is not None:
            behind = min(behind, Cursor(wanted.submitted_before, UUID(int=0)))
        rows = await self._searching.rows(
            "find_tasks",
            {
                "statuses": statuses_of(wanted),
                "behind_at": behind.submitted_at,
                "behind_id": behind.task_id,
                "since": wanted.submitted_from or LONG_AGO,
                "kind": wanted.kind,
                "queue": wanted.queue,
                "agent": wanted.agent,
                "tenant": wanted.tenant,
                "error": wanted.error,
                "text": wanted.text.lower() if wanted.text else None,
                "lost": wanted.lost,
                "how_many": limit_of(limit) + 1,
            },
        )
        return page_of([TaskLine(*row) for row in rows], limit)

    async def get(self, task_id: UUID) -> TaskSummary | None:
        """Return one task's line."""
        row = await self._reader.row("select_task_lines", {"ids": uuids([task_id])})
        return summary_of(TaskLine(*row)) if row else None

    async def under_way(self) -> Mapping[str, int]:
        """Return how many assigned and running tasks each agent has; who has none is left out."""
        rows = await self._reader.rows("select_under_way")
        return {agent: tasks for agent, tasks in rows}  # noqa: C416 - rows are typed as any tuple


def _columns(lines: Sequence[TaskLine]) -> dict[str, Any]:
    return {
        "task_id": uuids([line.task_id for line in lines]),
        "version": integers([line.version for line in lines]),
        "status": texts([line.status for line in lines]),
        "kind": texts([line.kind for line in lines]),
        "queue": texts([line.queue for line in lines]),
        "tenant": texts([line.tenant for line in lines]),
        "priority": integers([line.priority for line in lines]),
        "run": integers([line.run for line in lines]),
        "attempts": integers([line.attempts for line in lines]),
        "losses": integers([line.losses for line in lines]),
        "agent": texts([line.agent for line in lines]),
        "submitted_at": moments([line.submitted_at for line in lines]),
        "run_since": moments([line.run_since for line in lines]),
        "ready_at": moments([line.ready_at for line in lines]),
        "not_before": moments([line.not_before for line in lines]),
        "look_again": moments([line.look_again for line in lines]),
        "started_at": moments([line.started_at for line in lines]),
        "ended_at": moments([line.ended_at for line in lines]),
        "updated_at": moments([line.updated_at for line in lines]),
        "latency_us": integers([line.latency_us for line in lines]),
        "error_type": texts([line.error_type for line in lines]),
        "error_message": texts([line.error_message for line in lines]),
        "reason": texts([line.reason for line in lines]),
        "position": integers([line.position for line in lines]),
    }
