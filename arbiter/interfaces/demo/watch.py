"""What the demo sees of its tasks while they run: counted from the facts, as they are heard."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from arbiter import Event, Status
from arbiter.domain import facts as f


class Watch:
    """Counts endings, and who runs what; tells when a given number have ended."""

    def __init__(self) -> None:
        """Nothing was heard yet."""
        self._changed = threading.Condition()
        self._ours: set[UUID] = set()
        self._ended: dict[UUID, Status] = {}
        self._runs_on: dict[UUID, UUID] = {}
        self.lost = 0

    def expect(self, task_ids: Iterable[UUID]) -> None:
        """These are the tasks to count."""
        with self._changed:
            self._ours.update(task_ids)

    def hear(self, event: Event) -> None:
        """Take in one fact."""
        fact = event.fact
        if event.task_id is None:
            return
        with self._changed:
            match fact:
                case f.TaskRouted(incarnation=incarnation):
                    self._runs_on[event.task_id] = incarnation
                case f.TaskCompleted() | f.TaskFailed() | f.TaskCancelled():
                    self._runs_on.pop(event.task_id, None)
                    self._ended[event.task_id] = fact.becomes or Status.FAILED
                case f.TaskAttemptFailed(error=error):
                    self._runs_on.pop(event.task_id, None)
                    self.lost += error.kind == "worker_lost"
            self._changed.notify_all()

    @property
    def ended(self) -> int:
        """How many of our tasks have ended."""
        with self._changed:
            return len(self._ours & self._ended.keys())

    def running_on(self) -> Counter[UUID]:
        """How many tasks each worker incarnation runs, as far as was heard."""
        with self._changed:
            return Counter(self._runs_on[task] for task in self._ours & self._runs_on.keys())

    def wait(self, ended: int, seconds: float) -> bool:
        """Wait until so many have ended, at most so long."""
        with self._changed:
            return self._changed.wait_for(lambda: self.ended >= ended, seconds)
