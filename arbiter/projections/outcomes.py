"""What became of attempts, as numbers that add up: one reading of the facts for all that learns."""

from __future__ import annotations

from datetime import datetime

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
        for name in SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def attempts(self) -> int:
        """Completed and failed; no others count for or against the agent."""
        return self.completed + self.failed


SUMS = Sums.__struct_fields__


class Outcome(msgspec.Struct, frozen=True):
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
    fact, before = step.fact, step.before
    if isinstance(fact, f.OutcomeRated):
        return _rated(fact)
    if before is None or before.status != RUNNING or before.agent is None:
        return None
    sums = _ended(fact, before)
    if sums is None:
        return None
    quality = known(fact.quality) if isinstance(fact, f.TaskCompleted) else None
    return Outcome(before.agent, before.kind, fact.at, sums, quality)


def known(number: float | None) -> float | None:
    """Return a number if it is one that sums can hold."""
    return number if number is not None and abs(number) <= LARGEST else None


def _ended(fact: f.Fact, before: TaskLine) -> Sums | None:
    match fact:
        case f.TaskCompleted():
            return _completed(fact)
        case f.TaskAttemptFailed(error=error) | f.TaskFailed(error=error):
            return _failed(before, fact.at) if blames_agent(error) else Sums(excused=1)
        case f.TaskCancelled():
            return Sums(cancelled=1)
        case f.TaskReleased() | f.TaskSuspended():
            return Sums(excused=1)
        case _:
            return None


def _completed(fact: f.TaskCompleted) -> Sums:
    done = Sums(completed=1, timed=1, latency_us=round(fact.latency_ms * 1000))
    if (quality := known(fact.quality)) is not None:
        done.rated, done.quality_e9 = 1, billionths(quality)
    if (cost := known(fact.cost)) is not None:
        done.priced, done.cost_e9 = 1, billionths(cost)
    return done


def _failed(before: TaskLine, at: datetime) -> Sums:
    if before.started_at is None:
        return Sums(failed=1)
    return Sums(failed=1, timed=1, latency_us=max(0, microseconds(at - before.started_at)))


def _rated(fact: f.OutcomeRated) -> Outcome:
    before = known(fact.before)
    told = billionths(fact.counts) - (0 if before is None else billionths(before))
    sums = Sums(rated=int(before is None), quality_e9=told)
    return Outcome(fact.agent, fact.kind, fact.ended_at, sums, fact.counts, before)


def billionths(number: float) -> int:
    """Return a number in whole billionths, so that a rebuild gives equal sums."""
    return round(number * BILLION)
