"""The one row that dispatch knows of a live task: a pure view of the task, written with its facts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from arbiter.domain import facts as f
from arbiter.domain.deadlines import due_at
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.status import Status
from arbiter.domain.task import Task
from arbiter.domain.verbs import STOP_GRACE


class ReadyRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What claiming, sweeping and reaping need to know, so that they need no replay."""

    task_id: UUID
    version: int
    status: str
    kind: str
    queue: str
    tenant: str
    priority: int
    submitted_at: datetime
    not_before: datetime | None
    """Earliest offer: the task's own not_before, or the moment to look again when deferred."""

    due: bool
    needs: tuple[str, ...]
    run: int
    attempt: int
    attempt_id: UUID | None
    claimed_by: UUID | None
    payload_version: int
    checkpoint_version: int | None
    due_at: datetime | None
    """The earliest time limit that bears on the task where it stands."""

    stopping_by: UUID | None = None
    """The incarnation whose handler may still run although the task has moved on."""

    stopping_until: datetime | None = None


def needs_of(requirements: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Requirements as sorted `name:value` words, comparable with an agent's abilities."""
    if not requirements:
        return ()
    return tuple(
        sorted(f"{name}:{value}" for name, values in requirements.items() for value in values)
    )


def ready_row(task: Task, *, at: datetime, stops: UUID | None = None) -> ReadyRow | None:
    """Tell the row of a live task, as of `at`; None for a task that wants nothing any more."""
    if not task.is_live:
        return None
    not_before = _later(task.not_before, task.look_again)
    offered = task.status is Status.QUEUED and (not_before is None or not_before <= at)
    return ReadyRow(
        task_id=task.id,
        version=task.version,
        status=task.status,
        kind=task.kind,
        queue=task.queue,
        tenant=task.tenant,
        priority=task.priority,
        submitted_at=task.submitted_at,
        not_before=not_before,
        due=offered and stops is None,
        needs=needs_of(task.requirements),
        run=task.run,
        attempt=task.attempt,
        attempt_id=task.attempt_id,
        claimed_by=task.incarnation,
        payload_version=task.payload_version,
        checkpoint_version=task.checkpoint_version,
        due_at=due_at(task),
        stopping_by=stops,
        stopping_until=at + STOP_GRACE if stops else None,
    )


def stops(before: Task | None, facts: tuple[TaskFact, ...]) -> UUID | None:
    """Which incarnation's handler must stop before the task is offered again, if any."""
    if before is None or before.status is not Status.RUNNING:
        return None
    match facts[0]:
        case f.TaskSuspended() | f.TaskAttemptFailed(error=f.Failure(kind="timeout")):
            return before.incarnation
        case _:
            return None


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return max(one, other)


__all__ = ["STOP_GRACE", "ReadyRow", "needs_of", "ready_row", "stops"]
