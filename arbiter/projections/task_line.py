"""Where a task stands, in one line: what every fold needs to know of a task, and the board shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from arbiter.domain import facts as f
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.status import Status

LONGEST_TEXT = 500
"""A line stays short; the whole error stands in the task's history."""


class TaskLine(msgspec.Struct, gc=False):
    """One task after the fact at `position`. Never changed once made: `follow` gives a new one."""

    task_id: UUID
    version: int
    status: str
    kind: str
    queue: str
    tenant: str
    priority: int
    run: int
    attempts: int
    """The number of the latest attempt."""

    losses: int
    """How often its worker was lost, over all runs."""

    agent: str | None
    """Who does it, or did it last."""

    submitted_at: datetime
    run_since: datetime
    """When this run began, by submission or redrive."""

    ready_at: datetime
    """From when on it could have started, the last time it was queued."""

    not_before: datetime | None
    look_again: datetime | None
    started_at: datetime | None
    """When the latest attempt started; None until it does."""

    ended_at: datetime | None
    """When the run ended, in failure too."""

    updated_at: datetime
    latency_us: int | None
    """Microseconds from the last start to the result."""

    error_type: str | None
    """The last error; none once the task is completed."""

    error_message: str | None
    reason: str | None
    """Why it rests where it is: held, deferred, suspended, cancelled, rejected."""

    position: int

    @property
    def offered_from(self) -> datetime | None:
        """Earliest offer of a queued task."""
        return _later(self.not_before, self.look_again)


def follow(line: TaskLine | None, fact: TaskFact, position: int) -> TaskLine:
    """Return the line after one more fact; the line before is left as it was."""
    if type(fact) is f.TaskSubmitted:
        return _born(fact, position)
    if line is None:
        raise LookupError(f"{fact.topic} concerns task {fact.task_id}, which was never submitted")
    line = replace(line)
    kind = type(fact)
    # Before the status changes: what an end means depends on where the task stood.
    remember = _REMEMBERS.get(kind)
    if remember is not None:
        remember(line, fact)
    becomes = _BECOMES[kind]
    if becomes is not None:
        line.status = becomes
    line.version, line.updated_at, line.position = fact.version, fact.at, position
    return line


def _born(fact: f.TaskSubmitted, position: int) -> TaskLine:
    return TaskLine(
        task_id=fact.task_id,
        version=fact.version,
        status=Status.PENDING.value,
        kind=fact.kind,
        queue=fact.queue,
        tenant=fact.tenant,
        priority=fact.priority,
        run=1,
        attempts=0,
        losses=0,
        agent=None,
        submitted_at=fact.at,
        run_since=fact.at,
        ready_at=fact.at,
        not_before=fact.not_before,
        look_again=None,
        started_at=None,
        ended_at=None,
        updated_at=fact.at,
        latency_us=None,
        error_type=None,
        error_message=None,
        reason=None,
        position=position,
    )


def _validated(line: TaskLine, fact: f.TaskValidated) -> None:
    line.look_again = line.reason = None
    line.ready_at = _not_before(line, fact.at)


def _held(line: TaskLine, fact: f.TaskHeld) -> None:
    line.reason = short("; ".join(wait.reason for wait in fact.waits_for))


def _rejected(line: TaskLine, fact: f.TaskRejected) -> None:
    line.ended_at = fact.at
    line.reason = short("; ".join(broken.message for broken in fact.violations)) or None


def _deferred(line: TaskLine, fact: f.TaskDeferred) -> None:
    line.look_again, line.reason = fact.look_again, short(fact.reason)


def _routed(line: TaskLine, fact: f.TaskRouted) -> None:
    line.attempts, line.agent = fact.attempt, fact.agent
    line.not_before = line.look_again = line.started_at = line.reason = None


def _started(line: TaskLine, fact: f.TaskStarted) -> None:
    line.started_at = fact.at


def _completed(line: TaskLine, fact: f.TaskCompleted) -> None:
    line.ended_at = fact.at
    line.latency_us = round(fact.latency_ms * 1000)
    line.error_type = line.error_message = None


def _attempt_failed(line: TaskLine, fact: f.TaskAttemptFailed) -> None:
    _failing(line, fact.error)
    line.not_before = fact.not_before
    line.ready_at = _not_before(line, fact.at)


def _failed(line: TaskLine, fact: f.TaskFailed) -> None:
    _failing(line, fact.error)
    line.ended_at, line.reason = fact.at, None


def _failing(line: TaskLine, error: f.Failure) -> None:
    line.error_type, line.error_message = short(error.type), short(error.message)
    line.losses += error.kind == "worker_lost"


def _released(line: TaskLine, fact: f.TaskReleased) -> None:
    line.ready_at = fact.at


def _suspended(line: TaskLine, fact: f.TaskSuspended) -> None:
    line.reason = short(fact.why) if fact.why else None


def _resumed(line: TaskLine, _: f.TaskResumed) -> None:
    line.reason = None


def _redriven(line: TaskLine, fact: f.TaskRedriven) -> None:
    line.run, line.run_since = fact.run, fact.at
    line.not_before = line.ended_at = line.latency_us = None


def _rescheduled(line: TaskLine, fact: f.TaskRescheduled) -> None:
    if fact.priority is not None:
        line.priority = fact.priority
    if fact.not_before is not None:
        line.not_before = fact.not_before
        line.ready_at = _not_before(line, fact.at)


def _cancelled(line: TaskLine, fact: f.TaskCancelled) -> None:
    line.ended_at, line.reason = fact.at, short(fact.why) if fact.why else None


_REMEMBERS: dict[type[TaskFact], Callable[[TaskLine, Any], None]] = {
    f.TaskValidated: _validated,
    f.TaskHeld: _held,
    f.TaskRejected: _rejected,
    f.TaskDeferred: _deferred,
    f.TaskRouted: _routed,
    f.TaskStarted: _started,
    f.TaskCompleted: _completed,
    f.TaskAttemptFailed: _attempt_failed,
    f.TaskFailed: _failed,
    f.TaskReleased: _released,
    f.TaskSuspended: _suspended,
    f.TaskResumed: _resumed,
    f.TaskRedriven: _redriven,
    f.TaskRescheduled: _rescheduled,
    f.TaskCancelled: _cancelled,
}

_BECOMES: dict[type[TaskFact], str | None] = {
    known: known.becomes.value if known.becomes is not None else None for known in f.task_facts()
}


def short(text: str) -> str:
    """Return a text that fits a line, in characters that a table can hold."""
    text = text.replace("\0", "\ufffd")
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _not_before(line: TaskLine, at: datetime) -> datetime:
    return at if line.not_before is None else max(at, line.not_before)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return max(one, other)
