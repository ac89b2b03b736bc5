"""What became of attempts, as numbers that add up: one reading of the facts for all that learns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from arbiter.domain import facts as f
from arbiter.domain.failures import blames_agent
from arbiter.domain.record import BILLION
from arbiter.domain.status import Status
from arbiter.projections.base import Step
from arbiter.projections.latency import microseconds
from arbiter.projections.task_line import TaskLine

RUNNING = Status.RUNNING.value
LARGEST = 1e15
"""A quality or a cost beyond this is none: no number that is no number, and no infinity."""


class Sums(msgspec.Struct):
    """What became of attempts; every field is a whole number, and two sums add field by field."""

    completed: int = 0
    failed: int = 0
    """Attempts whose error counts against the agent."""

    cancelled: int = 0
    """Attempts that somebody stopped: they say nothing of the agent."""

    excused: int = 0
    """Attempts lost with their workers, given back, or over a limit that is not the agent's."""

    timed: int = 0
    """Attempts of which the latency is known: those completed and failed."""

    latency_us: int = 0
    rated: int = 0
    quality_e9: int = 0
    priced: int = 0
    cost_e9: int = 0

    def add(self, other: Sums) -> None:
        """Add another sum to this one."""
        # Field by field: going through their names takes four times as long, for each outcome.
        self.completed += other.completed
        self.failed += other.failed
        self.cancelled += other.cancelled
        self.excused += other.excused
        self.timed += other.timed
        self.latency_us += other.latency_us
        self.rated += other.rated
        self.quality_e9 += other.quality_e9
        self.priced += other.priced
        self.cost_e9 += other.cost_e9

    @property
    def attempts(self) -> int:
        """Completed and failed; no others count for or against the agent."""
        return self.completed + self.failed


SUMS = Sums.__struct_fields__


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What one fact told about an agent at a kind."""

    agent: str
    kind: str
    at: datetime
    """When the attempt ended."""

    sums: Sums
    quality: float | None = None
    """What its quality is taken for from now on, where the fact says that."""

    before: float | None = None
    """What it was taken for until now."""

    @property
    def success(self) -> bool | None:
        """How the attempt ended; None where that says nothing of the agent, or was said before."""
        return bool(self.sums.completed) if self.sums.attempts else None


def outcome_of(step: Step) -> Outcome | None:
    """Read a fact; only what ends a running attempt, and what is said of its result later, counts."""
    read = _READ.get(type(step.fact))
    return read(step.fact, step.before) if read is not None else None


def known(number: float | None) -> float | None:
    """Return a number if it is one that sums can hold."""
    return number if number is not None and abs(number) <= LARGEST else None


def _completed(fact: f.TaskCompleted, before: TaskLine | None) -> Outcome | None:
    if before is None or before.status != RUNNING or before.agent is None:
        return None
    done = Sums(completed=1, timed=1, latency_us=round(fact.latency_ms * 1000))
    if (quality := known(fact.quality)) is not None:
        done.rated, done.quality_e9 = 1, billionths(quality)
    if (cost := known(fact.cost)) is not None:
        done.priced, done.cost_e9 = 1, billionths(cost)
    return Outcome(before.agent, before.kind, fact.at, done, quality)


def _not_completed(fact: Ending, before: TaskLine | None) -> Outcome | None:
    if before is None or before.status != RUNNING or before.agent is None:
        return None
    return Outcome(before.agent, before.kind, fact.at, _ended(fact, before))


def _ended(fact: Ending, before: TaskLine) -> Sums:
    match fact:
        case f.TaskAttemptFailed(error=error) | f.TaskFailed(error=error) if blames_agent(error):
            return _failed(before, fact.at)
        case f.TaskCancelled():
            return Sums(cancelled=1)
        case _:
            return Sums(excused=1)


def _failed(before: TaskLine, at: datetime) -> Sums:
    if before.started_at is None:
        return Sums(failed=1)
    return Sums(failed=1, timed=1, latency_us=max(0, microseconds(at - before.started_at)))


def _rated(fact: f.OutcomeRated, _: TaskLine | None) -> Outcome:
    before = known(fact.before)
    told = billionths(fact.counts) - (0 if before is None else billionths(before))
    sums = Sums(rated=int(before is None), quality_e9=told)
    return Outcome(fact.agent, fact.kind, fact.ended_at, sums, fact.counts, before)


Ending = f.TaskAttemptFailed | f.TaskFailed | f.TaskCancelled | f.TaskReleased | f.TaskSuspended
_READ: dict[type[f.Fact], Callable[[Any, TaskLine | None], Outcome | None]] = {
    f.TaskCompleted: _completed,
    f.TaskAttemptFailed: _not_completed,
    f.TaskFailed: _not_completed,
    f.TaskCancelled: _not_completed,
    f.TaskReleased: _not_completed,
    f.TaskSuspended: _not_completed,
    f.OutcomeRated: _rated,
}


def billionths(number: float) -> int:
    """Return a number in whole billionths, so that a rebuild gives equal sums."""
    return round(number * BILLION)
