"""What a task may decide: each verb guards its rule and answers with a fact, or refuses."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from arbiter.domain import facts as f
from arbiter.domain.blob import Blob
from arbiter.domain.deadlines import (
    answer_ends,
    attempt_ends,
    limit_of_answer,
    overdue,
    total_ends,
)
from arbiter.domain.errors import (
    ApprovalMismatch,
    AttemptFenced,
    HoldExpired,
    IllegalTransition,
    InvalidInput,
)
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.limits import Limits
from arbiter.domain.retry import Response, RetryPolicy
from arbiter.domain.status import Status
from arbiter.domain.task import Task

F = TypeVar("F", bound=TaskFact)

STOP_GRACE = timedelta(seconds=30)
"""How long a handler that was told to stop may keep its task from being offered again."""

ALONE_AFTER_LOSSES = 2
"""From this many lost workers on, a task runs in a process of its own."""

POISON_AFTER = 3
"""A task that kills its process this often while alone is poison."""


def submit(task_id: UUID, kind: str, *, at: datetime, **details: Any) -> f.TaskSubmitted:
    """Ask for work."""
    return f.TaskSubmitted(task_id=task_id, version=1, at=at, kind=kind, **details)


def validate(task: Task, *, at: datetime, **details: Any) -> f.TaskValidated:
    """Let a task into the queue."""
    return _next(f.TaskValidated, task, at, **details)


def hold(
    task: Task, waits_for: tuple[f.Wait, ...], *, at: datetime, until: datetime | None = None
) -> f.TaskHeld:
    """Keep a task back."""
    return _next(f.TaskHeld, task, at, waits_for=waits_for, until=until)


def refuse(task: Task, violations: tuple[f.Violation, ...], *, at: datetime) -> f.TaskRejected:
    """Say no to a task by rule."""
    return _next(f.TaskRejected, task, at, violations=violations)


def approve(
    task: Task,
    digest: str,
    *,
    at: datetime,
    by: str | None = None,
    why: str | None = None,
    until: datetime | None = None,
) -> f.TaskApproved:
    """Agree to exactly this work."""
    _after(f.TaskApproved, task, f.TaskApproved.after)
    if until is not None and until <= at:
        raise InvalidInput("until", "has passed already", "give a later moment, or none")
    if digest != task.digest:
        raise ApprovalMismatch(task.id, digest, task.digest)
    if task.hold_until is not None and task.hold_until <= at:
        raise HoldExpired(task.id, task.hold_until)
    return _next(f.TaskApproved, task, at, digest=digest, by=by, why=why, until=until)


def reject(task: Task, why: str, *, at: datetime, by: str | None = None) -> f.TaskRejected:
    """Say no to a held task, as a person."""
    _after(f.TaskRejected, task, {Status.HELD})
    no = f.Violation(rule="person", severity="critical", message=why)
    return _next(f.TaskRejected, task, at, violations=(no,), by=by)


def regate(task: Task, changed: str, *, at: datetime) -> f.TaskRegated:
    """Send a task through the gate again."""
    return _next(f.TaskRegated, task, at, changed=changed)


def defer(task: Task, reason: str, look_again: datetime, *, at: datetime) -> f.TaskDeferred:
    """Let a task that cannot be dispatched leave the front of its queue."""
    return _next(f.TaskDeferred, task, at, reason=reason, look_again=look_again)


def route(
    task: Task,
    agent: str,
    decision: f.Decision,
    *,
    attempt_id: UUID,
    incarnation: UUID,
    at: datetime,
    retry: RetryPolicy | None = None,
    limits: Limits | None = None,
) -> f.TaskRouted:
    """Give the next attempt to an agent on one worker incarnation.

    `retry` and `limits` are the agent's own; they count where the submission named none.
    """
    return _next(
        f.TaskRouted,
        task,
        at,
        run=task.run,
        attempt=task.attempt + 1,
        attempt_id=attempt_id,
        agent=agent,
        incarnation=incarnation,
        decision=decision,
        retry=retry if task.asked_retry is None else None,
        limits=_completing(task.asked_limits, limits),
    )


def _completing(asked: Limits, own: Limits | None) -> Limits | None:
    completed = asked if own is None else asked.completed_by(own)
    return None if completed == asked else completed


def start(task: Task, attempt_id: UUID, *, at: datetime) -> f.TaskStarted:
    """Begin the attempt; its deadline is the earlier of start_to_close and total."""
    _must_hold(task, attempt_id)
    return _next(
        f.TaskStarted,
        task,
        at,
        deadline=attempt_ends(task, at),
        alone=task.losses >= ALONE_AFTER_LOSSES,
    )


def checkpoint(task: Task, attempt_id: UUID, progress: Blob, *, at: datetime) -> f.TaskCheckpointed:
    """Write down how far the attempt has come."""
    _must_hold(task, attempt_id)
    return _next(f.TaskCheckpointed, task, at, progress=progress)


def report_usage(task: Task, attempt_id: UUID, *, at: datetime, **used: Any) -> f.TaskUsageReported:
    """Tell what the attempt has used so far."""
    _must_hold(task, attempt_id)
    return _next(f.TaskUsageReported, task, at, **used)


def hand_over(
    task: Task, attempt_id: UUID, callback_seconds: float, *, at: datetime
) -> f.TaskHandedOver:
    """Leave the attempt to its agent outside, which has until the attempt's deadline, or so long."""
    _must_hold(task, attempt_id)
    if task.is_outside:
        raise IllegalTransition(
            task.id, f.TaskHandedOver.topic, "handed over", frozenset({Status.RUNNING})
        )
    return _next(
        f.TaskHandedOver,
        task,
        at,
        attempt_id=attempt_id,
        agent=task.agent or "",
        until=answer_ends(task, at, callback_seconds),
    )


def complete(
    task: Task,
    attempt_id: UUID,
    result: Blob,
    *,
    at: datetime,
    quality: float | None = None,
    cost: float | None = None,
) -> f.TaskCompleted:
    """End the run with a result."""
    _must_hold(task, attempt_id)
    begun = task.started_at or at
    return _next(
        f.TaskCompleted,
        task,
        at,
        result=result,
        latency_ms=round((at - begun).total_seconds() * 1000, 3),
        quality=quality,
        cost=cost,
    )


def fail_attempt(
    task: Task, attempt_id: UUID, error: f.Failure, *, at: datetime, chance: float
) -> Sequence[TaskFact]:
    """End an attempt: with another one to follow, with a person asked, or with the run failed.

    Before the start nothing counts, and the loss of a worker is no reason to wait; afterwards the
    attempt counts. `chance` in [0, 1) is the jitter of the delay.
    """
    _must_hold(task, attempt_id)
    _after(f.TaskAttemptFailed, task, f.TaskAttemptFailed.after)
    nothing_done = task.status is Status.ASSIGNED and error.kind == "worker_lost"
    response = "retry" if nothing_done else _response(task, error)
    verdict = _out_of_tries(task, error, at)
    if response == "fail" or verdict:
        return [_fail(task, verdict or error, at)]
    delay = 0.0 if nothing_done else task.policy.delay(max(task.spent, 1), chance)
    failed = _next(
        f.TaskAttemptFailed,
        task,
        at,
        error=error,
        attempt=task.attempt,
        not_before=at + timedelta(seconds=delay),
    )
    if response == "hold":
        return [failed, *_ask_a_person(failed, error)]
    return [failed]


def _response(task: Task, error: f.Failure) -> Response:
    """What the policy says of such an error; work that was refused is not offered again unasked."""
    if error.kind == "refused" and task.status is Status.RUNNING:
        return task.policy.on.get(error.type, "fail")
    return task.policy.response(error.type)


def _out_of_tries(task: Task, error: f.Failure, at: datetime) -> f.Failure | None:
    lost_alone = task.alone and error.kind == "worker_lost"
    if lost_alone and task.losses_alone + 1 >= POISON_AFTER:
        message = f"killed its own process {POISON_AFTER} times while alone: {error.message}"
        return f.Failure(kind="worker_lost", type="Poison", message=message, detail=error.detail)
    if task.status is Status.RUNNING and task.spent >= task.policy.max_attempts:
        return error
    ends = total_ends(task)
    return error if ends is not None and ends <= at else None


def _ask_a_person(failed: f.TaskAttemptFailed, error: f.Failure) -> Sequence[TaskFact]:
    asked = f.Wait(kind="error", reason=f"{error.type}: {error.message}")
    regated = f.TaskRegated(
        task_id=failed.task_id, version=failed.version + 1, at=failed.at, changed="error"
    )
    held = f.TaskHeld(
        task_id=failed.task_id, version=failed.version + 2, at=failed.at, waits_for=(asked,)
    )
    return [regated, held]


def expire(task: Task, *, at: datetime) -> f.TaskFailed | None:
    """Fail a task one of whose time limits has passed; None while all of them hold."""
    limit = overdue(task, at)
    if limit is None:
        return None
    message = f"the {limit} limit passed while the task was {task.status}"
    return _fail(task, f.Failure(kind="timeout", type=limit, message=message), at)


def give_up(task: Task, *, at: datetime, chance: float) -> Sequence[TaskFact]:
    """End a handed over attempt whose answer did not come in time; nothing while it may."""
    if not task.is_outside or task.attempt_id is None:
        return []
    if task.deadline is None or task.deadline > at:
        return []
    limit = limit_of_answer(task)
    message = f"the {limit} limit passed, and agent {task.agent} did not answer"
    error = f.Failure(kind="timeout", type=limit, message=message)
    return fail_attempt(task, task.attempt_id, error, at=at, chance=chance)


def clean_up(task: Task, why: str, *, at: datetime) -> f.TaskFailed:
    """Fail a task that has waited in its queue for too long."""
    _after(f.TaskFailed, task, {Status.QUEUED, Status.HELD})
    return _fail(task, f.Failure(kind="timeout", type="stale", message=why), at)


def release(task: Task, attempt_id: UUID, reason: str, *, at: datetime) -> f.TaskReleased:
    """Give a task back unfinished."""
    _must_hold(task, attempt_id)
    return _next(f.TaskReleased, task, at, reason=reason)


def suspend(
    task: Task, *, at: datetime, by: str | None = None, why: str | None = None
) -> f.TaskSuspended:
    """Set a task aside."""
    return _next(f.TaskSuspended, task, at, by=by, why=why)


def resume(task: Task, *, at: datetime, by: str | None = None) -> f.TaskResumed:
    """Let a suspended task go on."""
    return _next(f.TaskResumed, task, at, by=by)


def redrive(
    task: Task,
    *,
    at: datetime,
    by: str | None = None,
    why: str | None = None,
    payload: Blob | None = None,
) -> f.TaskRedriven:
    """Begin a new run of a parked task; after a time-out it waits until the handler must have stopped."""
    return _next(
        f.TaskRedriven,
        task,
        at,
        run=task.run + 1,
        by=by,
        why=why,
        payload=payload,
        not_before=_handler_stops(task, at),
    )


def _handler_stops(task: Task, at: datetime) -> datetime | None:
    timed_out = task.error is not None and task.error.kind == "timeout"
    if not timed_out or task.started_at is None or task.ended_at is None:
        return None
    stopped = task.ended_at + STOP_GRACE
    return stopped if stopped > at else None


def reschedule(
    task: Task,
    *,
    at: datetime,
    priority: int | None = None,
    not_before: datetime | None = None,
    by: str | None = None,
    why: str | None = None,
) -> f.TaskRescheduled:
    """Change when, or how soon before others, a waiting task is offered."""
    if priority is None and not_before is None:
        raise InvalidInput("priority", "nothing to change", "give a priority or a not_before")
    return _next(
        f.TaskRescheduled, task, at, priority=priority, not_before=not_before, by=by, why=why
    )


def cancel(
    task: Task, *, at: datetime, by: str | None = None, why: str | None = None
) -> f.TaskCancelled:
    """End a task on request."""
    return _next(f.TaskCancelled, task, at, by=by, why=why)


def _fail(task: Task, error: f.Failure, at: datetime) -> f.TaskFailed:
    return _next(f.TaskFailed, task, at, error=error, attempts=task.attempt)


def _must_hold(task: Task, attempt_id: UUID) -> None:
    if task.attempt_id != attempt_id:
        raise AttemptFenced(task.id, attempt_id)


def _after(happens: type[TaskFact], task: Task, statuses: AbstractSet[Status]) -> None:
    if task.status not in statuses:
        raise IllegalTransition(task.id, happens.topic, task.status, frozenset(statuses))


def _next(happens: type[F], task: Task, at: datetime, **details: Any) -> F:
    if task.status not in happens.after:
        raise IllegalTransition(task.id, happens.topic, task.status, happens.after)
    return happens(task_id=task.id, version=task.version + 1, at=at, **details)
