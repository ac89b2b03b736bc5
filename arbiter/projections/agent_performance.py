"""How each agent does each kind of work, per minute, in sums that add up in any order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from arbiter.domain.record import (
    BILLION,
    FIRST_LATENCY_MS,
    FIRST_QUALITY,
    FIRST_SUCCESS_RATE,
    mean,
)
from arbiter.projections.base import Batch, Projection, View
from arbiter.projections.latency import bucket_of, percentile
from arbiter.projections.outcomes import Sums, outcome_of


class Place(NamedTuple):
    """Where outcomes are summed together."""

    agent: str
    kind: str
    minute: datetime


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
            outcome = outcome_of(step)
            if outcome is None:
                continue
            minute = outcome.at.replace(second=0, microsecond=0)
            place = Place(outcome.agent, outcome.kind, minute)
            sums.setdefault(place, Sums()).add(outcome.sums)
            if outcome.sums.timed:
                key = place, bucket_of(outcome.sums.latency_us)
                spans[key] = spans.get(key, 0) + 1
        return AgentPerformanceChange(sums, spans)


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
        success_rate=mean(sums.completed, attempts, FIRST_SUCCESS_RATE),
        quality=mean(sums.quality_e9 / BILLION, sums.rated, FIRST_QUALITY),
        latency_ms=mean(sums.latency_us / 1000, sums.timed, FIRST_LATENCY_MS),
        cost=mean(sums.cost_e9 / BILLION, sums.priced, 0.0),
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
