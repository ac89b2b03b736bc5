"""How each agent does each kind of work, per minute, in sums that add up in any order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from math import isfinite
from typing import NamedTuple

import msgspec

from arbiter.domain import facts as f
from arbiter.domain.failures import blames_agent
from arbiter.domain.status import Status
from arbiter.projections.base import Batch, Projection, View
from arbiter.projections.latency import bucket_of, microseconds, percentile
from arbiter.projections.task_line import TaskLine

RUNNING = Status.RUNNING.value
BILLION = 1_000_000_000
"""Quality and cost are summed as whole billionths, so that a rebuild gives equal numbers."""

FIRST_SUCCESS_RATE, FIRST_QUALITY, FIRST_LATENCY_MS = 0.8, 0.7, 5000.0
"""What is believed of an agent before its first result: an optimistic start."""


class Place(NamedTuple):
    """Where outcomes are summed together."""

    agent: str
    kind: str
    minute: datetime


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


SUMS = Sums.__struct_fields__
Buckets = dict[int, int]


class AgentPerformanceChange(msgspec.Struct, frozen=True):
    """What to add to each place's sums, and to each of its buckets of latency."""

    sums: Mapping[Place, Sums]
    spans: Mapping[tuple[Place, int], int]


class AgentPerformanceView(View[AgentPerformanceChange]):
    """The sums, per agent, kind and minute."""


class AgentPerformance(Projection[AgentPerformanceChange]):
    """Sums the outcomes of attempts, and their latencies in buckets."""

    name = "agent_performance_v1"

    def fold(self, batch: Batch) -> AgentPerformanceChange:
        """Add up a batch; only what ends a running attempt counts."""
        sums: dict[Place, Sums] = {}
        spans: dict[tuple[Place, int], int] = {}
        for step in batch.steps:
            before = step.before
            if before is None or before.status != RUNNING or before.agent is None:
                continue
            outcome = _outcome(step.fact, before)
            if outcome is None:
                continue
            minute = step.fact.at.replace(second=0, microsecond=0)
            place = Place(before.agent, before.kind, minute)
            sums.setdefault(place, Sums()).add(outcome)
            if outcome.timed:
                key = place, bucket_of(outcome.latency_us)
                spans[key] = spans.get(key, 0) + 1
        return AgentPerformanceChange(sums, spans)


def _outcome(fact: f.Fact, before: TaskLine) -> Sums | None:
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
    if fact.quality is not None and isfinite(fact.quality):
        done.rated, done.quality_e9 = 1, round(fact.quality * BILLION)
    if fact.cost is not None and isfinite(fact.cost):
        done.priced, done.cost_e9 = 1, round(fact.cost * BILLION)
    return done


def _failed(before: TaskLine, at: datetime) -> Sums:
    if before.started_at is None:
        return Sums(failed=1)
    return Sums(failed=1, timed=1, latency_us=max(0, microseconds(at - before.started_at)))


class Window(msgspec.Struct, frozen=True):
    """A span of time to look back on, and how far its numbers are to be trusted."""

    name: str
    length: timedelta
    least: int
    """From so many attempts on, its numbers have their full weight."""

    weight: float

    def holds(self, minute: datetime, at: datetime) -> bool:
        """Tell whether a minute began within the window that ends at a moment."""
        return at - self.length < minute <= at


WINDOWS = (
    Window("5m", timedelta(minutes=5), 10, 0.4),
    Window("1h", timedelta(hours=1), 50, 0.6),
    Window("24h", timedelta(hours=24), 100, 0.8),
    Window("7d", timedelta(days=7), 500, 1.0),
)


class Performance(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent did; what nothing is known of is the first belief, a percentile None."""

    attempts: int
    """Completed and failed; no others count for or against it."""

    success_rate: float
    quality: float
    latency_ms: float
    cost: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    """Percentiles are at most `latency.ERROR` off; all other numbers are exact."""

    confidence: float


def performance(sums: Sums, spans: Mapping[int, int], window: Window = WINDOWS[-1]) -> Performance:
    """Tell what sums and buckets say; a mean of n is the running average old + (x - old) / n."""
    attempts = sums.completed + sums.failed
    return Performance(
        attempts=attempts,
        success_rate=_mean(sums.completed, attempts, FIRST_SUCCESS_RATE),
        quality=_mean(sums.quality_e9 / BILLION, sums.rated, FIRST_QUALITY),
        latency_ms=_mean(sums.latency_us / 1000, sums.timed, FIRST_LATENCY_MS),
        cost=_mean(sums.cost_e9 / BILLION, sums.priced, 0.0),
        p50_ms=percentile(0.50, spans),
        p95_ms=percentile(0.95, spans),
        p99_ms=percentile(0.99, spans),
        confidence=min(1.0, attempts / window.least) * window.weight,
    )


def total(parts: Iterable[tuple[Sums, Mapping[int, int]]]) -> tuple[Sums, Buckets]:
    """Add sums and buckets, of minutes or kinds; the parts are left as they are."""
    sums, spans = Sums(), dict[int, int]()
    for more, buckets in parts:
        sums.add(more)
        for bucket, count in buckets.items():
            spans[bucket] = spans.get(bucket, 0) + count
    return sums, spans


def _mean(told: float, count: int, first: float) -> float:
    return told / count if count else first
