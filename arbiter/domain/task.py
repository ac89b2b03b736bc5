"""What a task remembers of its facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from arbiter.domain import facts as f
from arbiter.domain.blob import NULL, Blob, digest_of
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.limits import NO_LIMITS, Limits
from arbiter.domain.retry import DEFAULT_RETRY, RetryPolicy
from arbiter.domain.status import ENDED, FINAL, LIVE, Status


class Task(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One piece of work, as its facts tell it."""

    id: UUID
    version: int
    status: Status
    kind: str
    queue: str
    tenant: str
    priority: int
    submitted_at: datetime
    run_since: datetime
    """When this run began, by submission or redrive: the total limit counts from here."""

    queued_since: datetime
    """From when on it could have started: the run's begin, its not_before, or the end of a hold."""

    payload: Blob = NULL
    payload_version: int = 1
    requirements: dict[str, tuple[str, ...]] = {}
    not_before: datetime | None = None
    limits: Limits = NO_LIMITS
    """The limits in force."""

    asked_limits: Limits = NO_LIMITS
    """Those of the submission; an agent's own complete them."""

    retry: RetryPolicy | None = None
    """The policy in force; None until an agent brings one."""

    asked_retry: RetryPolicy | None = None
    """That of the submission; an agent's own counts where there is none."""

    idempotency_key: str | None = None
    hold: str | None = None
    hold_until: datetime | None = None
    approved: str | None = None
    """The digest a person approved."""

    approved_until: datetime | None = None
    waits_for: tuple[f.Wait, ...] = ()
    run: int = 1
    attempt: int = 0
    """The number of the latest attempt; it never goes back."""

    spent: int = 0
    """Attempts that count against this run's allowance."""

    attempt_id: UUID | None = None
    agent: str | None = None
    incarnation: UUID | None = None
    started_at: datetime | None = None
    deadline: datetime | None = None
    first_start: datetime | None = None
    """The first start of this run: from then on schedule_to_start no longer matters."""

    alone: bool = False
    losses: int = 0
    """How often a worker was lost while it ran this task, in this run."""

    losses_alone: int = 0
    checkpoint: Blob | None = None
    checkpoint_version: int | None = None
    error: f.Failure | None = None
    result: Blob | None = None
    quality: float | None = None
    """How good the result is, by the handler's own word."""

    ended_at: datetime | None = None
    deferred: str | None = None
    look_again: datetime | None = None
    parent: UUID | None = None
    subject: str | None = None
    trace: str | None = None

    @property
    def policy(self) -> RetryPolicy:
        """The retry policy in force."""
        return self.retry or DEFAULT_RETRY

    @property
    def digest(self) -> str:
        """What identifies exactly this work: kind, payload and requirements."""
        return digest_of(self.kind, self.payload, self.requirements)

    @property
    def is_outside(self) -> bool:
        """An agent outside works on it; no worker holds it."""
        return self.status is Status.RUNNING and self.incarnation is None

    @property
    def is_final(self) -> bool:
        """Nothing can follow."""
        return self.status in FINAL

    @property
    def is_live(self) -> bool:
        """It still wants something."""
        return self.status in LIVE

    @property
    def has_ended(self) -> bool:
        """Its run is over, finally or parked."""
        return self.status in ENDED


def remember(facts: Iterable[TaskFact]) -> Task | None:
    """Tell a task from all facts of its stream; None from no facts."""
    task: Task | None = None
    for happened in facts:
        task = evolve(task, happened)
    return task


def let_in(submitted: f.TaskSubmitted) -> Task:
    """Tell a task that was submitted and validated, and nothing else: what the gate says changes no more."""
    return replace(_born(submitted), version=2, status=Status.QUEUED, hold_until=None)


def evolve(task: Task | None, happened: TaskFact) -> Task:
    """Remember one fact. Replay calls this: it never refuses and never asks the time."""
    if task is None or type(happened) is f.TaskSubmitted:
        return _born(happened)
    remembers = _REMEMBERS.get(type(happened))
    changes = remembers(task, happened) if remembers is not None else {}
    changes["version"] = happened.version
    if happened.becomes is not None:
        changes["status"] = happened.becomes
    return replace(task, **changes)


def _born(fact: TaskFact) -> Task:
    if not isinstance(fact, f.TaskSubmitted):
        raise TypeError(f"a stream begins with task.submitted, not with {fact.topic}")
    return Task(
        id=fact.task_id,
        version=fact.version,
        status=Status.PENDING,
        kind=fact.kind,
        queue=fact.queue,
        tenant=fact.tenant,
        priority=fact.priority,
        submitted_at=fact.at,
        run_since=fact.at,
        queued_since=fact.at,
        payload=fact.payload,
        requirements=fact.requirements,
        not_before=fact.not_before,
        limits=fact.limits,
        asked_limits=fact.limits,
        retry=fact.retry,
        asked_retry=fact.retry,
        idempotency_key=fact.idempotency_key,
        hold=fact.hold,
        hold_until=fact.hold_until,
        parent=fact.parent,
        subject=fact.subject,
        trace=fact.trace,
    )


Changes = dict[str, Any]
_IDLE: Changes = {
    "attempt_id": None,
    "agent": None,
    "incarnation": None,
    "started_at": None,
    "deadline": None,
    "alone": False,
}

_OVER: Changes = {"attempt_id": None, "incarnation": None, "deadline": None, "alone": False}
"""Nobody holds the task any more; who did it last is still of interest."""


def _held(_: Task, fact: f.TaskHeld) -> Changes:
    return {"waits_for": fact.waits_for, "hold_until": fact.until}


def _validated(_: Task, __: f.TaskValidated) -> Changes:
    return {"waits_for": (), "hold_until": None, "deferred": None, "look_again": None}


def _approved(task: Task, fact: f.TaskApproved) -> Changes:
    # An approval answers the error that was asked about; an older one does not answer the next.
    unanswered = tuple(wait for wait in task.waits_for if wait.kind != "error")
    return {
        "approved": fact.digest,
        "approved_until": fact.until,
        "waits_for": unanswered,
        "queued_since": fact.at,
    }


def _regated(task: Task, fact: f.TaskRegated) -> Changes:
    return {"queued_since": fact.at} if task.status is Status.HELD else {}


def _deferred(_: Task, fact: f.TaskDeferred) -> Changes:
    return {"deferred": fact.reason, "look_again": fact.look_again}


def _routed(task: Task, fact: f.TaskRouted) -> Changes:
    return {
        "attempt": fact.attempt,
        "attempt_id": fact.attempt_id,
        "agent": fact.agent,
        "incarnation": fact.incarnation,
        "retry": fact.retry or task.asked_retry,
        "limits": fact.limits or task.asked_limits,
        "queued_since": max(task.queued_since, task.not_before or task.queued_since),
        "not_before": None,
        "deferred": None,
        "look_again": None,
    }


def _started(task: Task, fact: f.TaskStarted) -> Changes:
    return {
        "started_at": fact.at,
        "deadline": fact.deadline,
        "alone": fact.alone,
        "spent": task.spent + 1,
        "first_start": task.first_start or fact.at,
    }


def _checkpointed(_: Task, fact: f.TaskCheckpointed) -> Changes:
    return {"checkpoint": fact.progress, "checkpoint_version": fact.version}


def _handed_over(_: Task, fact: f.TaskHandedOver) -> Changes:
    return {"incarnation": None, "deadline": fact.until}


def _completed(_: Task, fact: f.TaskCompleted) -> Changes:
    return {
        **_OVER,
        "result": fact.result,
        "quality": fact.quality,
        "error": None,
        "ended_at": fact.at,
    }


def _attempt_failed(task: Task, fact: f.TaskAttemptFailed) -> Changes:
    return {
        **_IDLE,
        **_losses(task, fact.error),
        "error": fact.error,
        "not_before": fact.not_before,
    }


def _losses(task: Task, error: f.Failure) -> Changes:
    if error.kind != "worker_lost" or task.status is not Status.RUNNING:
        return {}
    return {"losses": task.losses + 1, "losses_alone": task.losses_alone + task.alone}


def _failed(task: Task, fact: f.TaskFailed) -> Changes:
    return {**_OVER, **_losses(task, fact.error), "error": fact.error, "ended_at": fact.at}


def _given_back(task: Task, _: TaskFact) -> Changes:
    return {**_IDLE, "spent": task.spent - (task.status is Status.RUNNING)}


def _resumed(_: Task, fact: f.TaskResumed) -> Changes:
    return {"queued_since": fact.at}


def _redriven(_: Task, fact: f.TaskRedriven) -> Changes:
    return {
        **_IDLE,
        "run": fact.run,
        "not_before": fact.not_before,
        "spent": 0,
        "losses": 0,
        "losses_alone": 0,
        "run_since": fact.at,
        "queued_since": fact.at,
        "first_start": None,
        "waits_for": (),
        "hold_until": None,
        "ended_at": None,
        **_edited(fact),
    }


def _edited(fact: f.TaskRedriven) -> Changes:
    if fact.payload is None:
        return {}
    # The progress noted so far is progress with another payload.
    return {
        "payload": fact.payload,
        "payload_version": fact.version,
        "checkpoint": None,
        "checkpoint_version": None,
    }


def _rescheduled(task: Task, fact: f.TaskRescheduled) -> Changes:
    return {
        "priority": task.priority if fact.priority is None else fact.priority,
        "not_before": fact.not_before or task.not_before,
    }


def _ended(_: Task, fact: TaskFact) -> Changes:
    return {**_OVER, "ended_at": fact.at, "waits_for": ()}


_REMEMBERS: dict[type[TaskFact], Callable[[Task, Any], Changes]] = {
    f.TaskHeld: _held,
    f.TaskValidated: _validated,
    f.TaskApproved: _approved,
    f.TaskDeferred: _deferred,
    f.TaskRouted: _routed,
    f.TaskStarted: _started,
    f.TaskCheckpointed: _checkpointed,
    f.TaskHandedOver: _handed_over,
    f.TaskCompleted: _completed,
    f.TaskAttemptFailed: _attempt_failed,
    f.TaskFailed: _failed,
    f.TaskReleased: _given_back,
    f.TaskRegated: _regated,
    f.TaskSuspended: _given_back,
    f.TaskResumed: _resumed,
    f.TaskRedriven: _redriven,
    f.TaskRescheduled: _rescheduled,
    f.TaskCancelled: _ended,
    f.TaskRejected: _ended,
}
