"""What happened in each minute, and how long it took."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from arbiter.domain import facts as f
from arbiter.domain.facts import Fact
from arbiter.domain.status import Status
from arbiter.projections.base import Batch, Projection, View
from arbiter.projections.latency import bucket_of, microseconds
from arbiter.projections.task_line import TaskLine

RUNNING = Status.RUNNING.value
ONE_MINUTE = timedelta(minutes=1)


class Measure(StrEnum):
    """A span of a task's life that is worth counting."""

    SCHEDULE_TO_START = "schedule_to_start"
    """From when an attempt could have started to its start."""

    ATTEMPT = "attempt"
    """From an attempt's start to its result or its error; not the losses of workers."""

    SUBMIT_TO_COMPLETE = "submit_to_complete"
    """From the beginning of the run, by submission or redrive, to its result."""


class Minute(msgspec.Struct):
    """How often each thing happened within one minute."""

    facts: int = 0
    submitted: int = 0
    started: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    rejected: int = 0
    retries: int = 0
    worker_lost: int = 0
    """Attempts that were lost with their workers."""

    rescued: int = 0
    """Tasks completed after an attempt of theirs was lost with its worker."""


COUNTS = Minute.__struct_fields__
Spans = Mapping[tuple[datetime, Measure, int], int]


class StatsChange(msgspec.Struct, frozen=True):
    """What to add to each minute's counts, and to each of its buckets."""

    minutes: Mapping[datetime, Minute]
    spans: Spans


class StatsView(View[StatsChange]):
    """The sums, per minute."""


class Stats(Projection[StatsChange]):
    """Counts what happened per minute, and spans of time in buckets."""

    name = "stats_v1"

    def fold(self, batch: Batch) -> StatsChange:
        """Add up a batch."""
        tally = _Tally()
        for step in batch.steps:
            fact = step.fact
            tally.enter(fact.at)
            tally.minute.facts += 1
            count = _COUNTS.get(type(fact))
            if count is not None and step.before is not None:
                count(tally, fact, step.before)
            elif type(fact) is f.TaskSubmitted:
                tally.minute.submitted += 1
        return StatsChange(tally.minutes, tally.spans)


class _Tally:
    """Sums, and the minute that is being added to: facts of one minute come one after the other."""

    def __init__(self) -> None:
        self.minutes: dict[datetime, Minute] = {}
        self.spans: dict[tuple[datetime, Measure, int], int] = {}
        self.minute = Minute()
        self.begins = self.ends = datetime.min.replace(tzinfo=UTC)

    def enter(self, at: datetime) -> None:
        if not self.begins <= at < self.ends:
            self.begins = at.replace(second=0, microsecond=0)
            self.ends = self.begins + ONE_MINUTE
            self.minute = self.minutes.setdefault(self.begins, Minute())

    def took(self, measure: Measure, since: datetime | None, until: datetime) -> None:
        if since is not None:
            self.lasted(measure, microseconds(until - since))

    def lasted(self, measure: Measure, span: int) -> None:
        key = self.begins, measure, bucket_of(span)
        self.spans[key] = self.spans.get(key, 0) + 1


def _started(tally: _Tally, fact: f.TaskStarted, before: TaskLine) -> None:
    tally.minute.started += 1
    tally.took(Measure.SCHEDULE_TO_START, before.ready_at, fact.at)


def _completed(tally: _Tally, fact: f.TaskCompleted, before: TaskLine) -> None:
    tally.minute.completed += 1
    tally.minute.rescued += before.losses > 0
    tally.lasted(Measure.ATTEMPT, round(fact.latency_ms * 1000))
    tally.took(Measure.SUBMIT_TO_COMPLETE, before.run_since, fact.at)


def _attempt_failed(tally: _Tally, fact: f.TaskAttemptFailed, before: TaskLine) -> None:
    tally.minute.retries += 1
    _attempt_ended(tally, fact, before)


def _failed(tally: _Tally, fact: f.TaskFailed, before: TaskLine) -> None:
    tally.minute.failed += 1
    _attempt_ended(tally, fact, before)


def _attempt_ended(
    tally: _Tally, fact: f.TaskAttemptFailed | f.TaskFailed, before: TaskLine
) -> None:
    if fact.error.kind == "worker_lost":
        tally.minute.worker_lost += 1
    elif before.status == RUNNING:
        tally.took(Measure.ATTEMPT, before.started_at, fact.at)


def _cancelled(tally: _Tally, _: f.TaskCancelled, __: TaskLine) -> None:
    tally.minute.cancelled += 1


def _rejected(tally: _Tally, _: f.TaskRejected, __: TaskLine) -> None:
    tally.minute.rejected += 1


_COUNTS: dict[type[Fact], Callable[[_Tally, Any, TaskLine], None]] = {
    f.TaskStarted: _started,
    f.TaskCompleted: _completed,
    f.TaskAttemptFailed: _attempt_failed,
    f.TaskFailed: _failed,
    f.TaskCancelled: _cancelled,
    f.TaskRejected: _rejected,
}
