"""When the time limits of a task pass, told from where it stands."""

from __future__ import annotations

from datetime import datetime, timedelta

from arbiter.domain.limits import NO_LIMITS, earliest
from arbiter.domain.status import LIVE, Status
from arbiter.domain.task import Task

AWAITS_ITS_START = frozenset({Status.QUEUED, Status.ASSIGNED})
RESTS = LIVE - {Status.PENDING}


def total_ends(task: Task) -> datetime | None:
    """When the run's total limit passes."""
    return _plus(task.run_since, task.limits.total)


def start_ends(task: Task) -> datetime | None:
    """When the run's schedule_to_start limit passes; None once it has started."""
    if task.first_start is not None:
        return None
    begins = max(task.queued_since, task.not_before or task.queued_since)
    return _plus(begins, task.limits.schedule_to_start)


def answer_ends(task: Task, at: datetime, seconds: float) -> datetime:
    """When the attempt ends that an agent outside takes over now, with so long for its answer at most."""
    return earliest(task.deadline, _plus(at, seconds)) or at


def limit_of_answer(task: Task) -> str:
    """The name of the limit that a handed over attempt's deadline comes from."""
    if task.deadline == total_ends(task):
        return "total"
    begun = task.started_at
    if begun is not None and task.deadline == _plus(begun, task.limits.start_to_close):
        return "start_to_close"
    return "callback"


def attempt_ends(task: Task, at: datetime) -> datetime | None:
    """The deadline of an attempt that starts now: start_to_close or total, whichever is first."""
    limits = task.limits
    if limits.start_to_close is None and limits.total is None:
        return None
    return earliest(_plus(at, limits.start_to_close), total_ends(task))


def due_at(task: Task) -> datetime | None:
    """The earliest of the time limits that bear on the task where it stands."""
    if task.status is Status.RUNNING:
        return task.deadline
    if task.limits == NO_LIMITS and task.hold_until is None:
        return None
    return earliest(*_bearing(task).values())


def overdue(task: Task, at: datetime) -> str | None:
    """The name of a limit that has passed, for a task that no worker is running."""
    for name, ends in _bearing(task).items():
        if ends is not None and ends <= at:
            return name
    return None


def _bearing(task: Task) -> dict[str, datetime | None]:
    return {
        "schedule_to_start": start_ends(task) if task.status in AWAITS_ITS_START else None,
        "hold": task.hold_until if task.status is Status.HELD else None,
        "total": total_ends(task) if task.status in RESTS else None,
    }


def _plus(moment: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else moment + timedelta(seconds=seconds)
