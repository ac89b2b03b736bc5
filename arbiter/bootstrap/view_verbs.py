"""Every question to the read models once, for both doors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arbiter.application import door
from arbiter.application.views import (
    AuditLine,
    ProjectionState,
    QueueDepth,
    Stats,
    TaskFilter,
    TaskPage,
    TaskSummary,
)
from arbiter.bootstrap.core import Core
from arbiter.bootstrap.verbs import TaskId, Work


class ViewVerbs:
    """The read models, each behind the log by as much as `lag` tells."""

    def __init__(self, core: Core) -> None:
        """Read nothing yet."""
        self._core = core

    def queue_depth(self, queue: str) -> Work[QueueDepth]:
        """Return how many tasks a queue holds."""
        return lambda service: service.store.views.queue_depth.of(queue)

    def queue_depths(self) -> Work[Sequence[QueueDepth]]:
        """Return how many tasks every queue holds."""
        return lambda service: service.store.views.queue_depth.all()

    def find_tasks(
        self, where: TaskFilter | None = None, *, after: str | None = None, limit: int = 50
    ) -> Work[TaskPage]:
        """Return tasks, newest first, page by page."""
        return lambda service: service.store.views.task_board.find(
            where or TaskFilter(), after=after, limit=limit
        )

    def task(self, task_id: TaskId) -> Work[TaskSummary | None]:
        """Return one task's line on the board."""
        known = door.task(task_id)
        return lambda service: service.store.views.task_board.get(known)

    def stats(self, *, window_minutes: int | None = 60) -> Work[Stats]:
        """Return the sums of the latest minutes."""
        return lambda service: service.store.views.stats.read(
            window_minutes=window_minutes, now=service.clock.now()
        )

    def audit_trail(
        self,
        *,
        after: int = 0,
        limit: int = 100,
        task_id: TaskId | None = None,
        actor: str | None = None,
    ) -> Work[Sequence[AuditLine]]:
        """Return the log as sentences, behind a position."""
        known = door.task(task_id) if task_id is not None else None
        return lambda service: service.store.views.audit_trail.read(
            after=after, limit=limit, task_id=known, actor=actor
        )

    def projections(self) -> Work[Sequence[ProjectionState]]:
        """Return how far each projection has come, and what stopped it."""
        return lambda service: service.store.views.projections()

    def lag(self) -> Work[Mapping[str, int]]:
        """Return how many positions each projection is behind the log."""
        return lambda service: service.store.views.lag()

    def catch_up(self, timeout: float = 5.0) -> Work[int]:
        """Bring the views to where the log ends now, worker or not; returns the facts they still miss."""
        return lambda service: service.catch_up(timeout)
