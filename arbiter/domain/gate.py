"""The gate that every way into the queue passes."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from arbiter.domain import facts as f
from arbiter.domain import verbs
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.task import Task


class Gate(Protocol):
    """Answers for a pending task: validated, held or rejected."""

    def answer(self, task: Task, *, at: datetime) -> TaskFact:
        """Decide, from the task alone."""
        ...


class PersonsHold:
    """Holds what a person asked to hold, or an error called for, until exactly that is approved."""

    def answer(self, task: Task, *, at: datetime) -> TaskFact:
        """Let the task pass unless a `hold=` reason or an error still waits for an approval."""
        if task.hold is None and not task.waits_for:
            return verbs.validate(task, at=at)
        if _approved(task, at) and not _asks_about_an_error(task):
            return verbs.validate(task, at=at, approval=task.approved)
        waits_for = task.waits_for or (f.Wait(kind="person", reason=task.hold or ""),)
        return verbs.hold(task, waits_for, at=at, until=task.hold_until)


def _asks_about_an_error(task: Task) -> bool:
    return any(wait.kind == "error" for wait in task.waits_for)


def _approved(task: Task, at: datetime) -> bool:
    expired = task.approved_until is not None and task.approved_until <= at
    return task.approved is not None and not expired and task.approved == task.digest
