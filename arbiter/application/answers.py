"""What callers get back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from arbiter.domain import facts as f
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.status import ENDED, FINAL, Status
from arbiter.domain.task import Task


class Submitted(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of a submission."""

    task_id: UUID
    status: Status
    violations: tuple[f.Violation, ...] = ()
    """Which rules a rejected task breaks; a rejection is an answer, not an exception."""

    repeated: bool = False
    """The idempotency key was used before for the same work: this is the first task."""


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an agent's report."""

    task_id: UUID
    attempt_id: UUID
    status: Status
    """Where the task stands now."""

    repeated: bool = False
    """The same was reported before: nothing was written."""


class TaskView(msgspec.Struct, frozen=True, kw_only=True):
    """A task as it stands, told by its facts."""

    task_id: UUID
    status: Status
    kind: str
    queue: str
    tenant: str
    priority: int
    payload: Any
    digest: str
    version: int
    run: int
    attempt: int
    submitted_at: datetime
    not_before: datetime | None
    agent: str | None
    started_at: datetime | None
    ended_at: datetime | None
    result: Any
    quality: float | None
    """How good the result is, by the handler's own word."""

    error: f.Failure | None
    checkpoint: Any
    waits_for: tuple[f.Wait, ...]
    deferred: str | None
    idempotency_key: str | None

    @property
    def is_final(self) -> bool:
        """Nothing can follow."""
        return self.status in FINAL

    @property
    def has_ended(self) -> bool:
        """The run is over, finally or parked."""
        return self.status in ENDED


def view(task: Task) -> TaskView:
    """Tell a task to people."""
    return TaskView(
        task_id=task.id,
        status=task.status,
        kind=task.kind,
        queue=task.queue,
        tenant=task.tenant,
        priority=task.priority,
        payload=task.payload.value(),
        digest=task.digest,
        version=task.version,
        run=task.run,
        attempt=task.attempt,
        submitted_at=task.submitted_at,
        not_before=task.not_before,
        agent=task.agent,
        started_at=task.started_at,
        ended_at=task.ended_at,
        result=task.result.value() if task.result is not None else None,
        quality=task.quality,
        error=task.error,
        checkpoint=task.checkpoint.value() if task.checkpoint is not None else None,
        waits_for=task.waits_for,
        deferred=task.deferred,
        idempotency_key=task.idempotency_key,
    )


class Story(msgspec.Struct, frozen=True):
    """One fact of a task's history, with its place in the log and the status it led to."""

    position: int
    fact: TaskFact
    status: Status


class Redriven(msgspec.Struct, frozen=True, kw_only=True):
    """Which parked tasks a redrive by filter concerns, and what became of them."""

    matched: Sequence[UUID]
    redriven: Sequence[UUID]
    refused: dict[UUID, str]
    preview: bool
