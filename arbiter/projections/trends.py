"""Where an agent's numbers are heading, what is usual for it, and what is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import fmean, median, pstdev
from typing import Literal

import msgspec

LEAST_FOR_TREND, LEAST_FOR_OUTLIERS = 20, 10
NEWEST, REFRESHED_EVERY, KEPT = 20, 24, 100

Direction = Literal["improving", "stable", "declining"]
AnomalyType = Literal["latency_spike", "accuracy_drop", "error_rate_increase"]


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One agent at one kind over one span of time; rates from 0 to 1."""

    p95_ms: float
    success_rate: float

    @property
    def error_rate(self) -> float:
        """The share of attempts that failed."""
        return 1.0 - self.success_rate

    @property
    def worth(self) -> float:
        """Success, discounted by latency: higher is better."""
        return self.success_rate / (1.0 + self.p95_ms / 1000.0)


class Trend(msgspec.Struct, frozen=True):
    """A line through points; its confidence is the root of the share of variance it explains."""

    direction: Direction
    slope: float
    confidence: float


def trend(points: Sequence[tuple[float, float]], beyond: float = 0.001) -> Trend | None:
    """Fit (hours, value) where a higher value is better; None of fewer than 20 points."""
    if len(points) < LEAST_FOR_TREND:
        return None
    xs, ys = [x for x, _ in points], [y for _, y in points]
    mean_x, mean_y = fmean(xs), fmean(ys)
    sxx = sum((x - mean_x) ** 2 for x in xs)
    syy = sum((y - mean_y) ** 2 for y in ys)
    sxy = sum((x - mean_x) * (y - mean_y) for x, y in points)
    if sxx == 0 or syy == 0:
        return Trend("stable", 0.0, 0.0)
    slope = sxy / sxx
    heads: Direction = "stable"
    if abs(slope) > beyond:
        heads = "improving" if slope > 0 else "declining"
    return Trend(heads, slope, min(1.0, sqrt(sxy * sxy / (sxx * syy))))


def outliers(values: Sequence[float], beyond: float = 3.0) -> tuple[int, ...]:
    """Return where values stand further than `beyond` deviations off; none of fewer than 10."""
    if len(values) < LEAST_FOR_OUTLIERS or (spread := pstdev(values)) == 0:
        return ()
    mean = fmean(values)
    return tuple(i for i, value in enumerate(values) if abs(value - mean) / spread > beyond)


class Baseline(msgspec.Struct, frozen=True):
    """What is usual: the median of the 20 newest points, taken at 20 and then every 24 points."""

    points: tuple[Point, ...] = ()
    seen: int = 0
    usual: Point | None = None


def noted(baseline: Baseline, point: Point) -> Baseline:
    """Take one more point; the points before keep their order."""
    points, seen = (*baseline.points, point)[-KEPT:], baseline.seen + 1
    due = seen == NEWEST or (seen > NEWEST and seen % REFRESHED_EVERY == 0)
    return Baseline(points, seen, _usual(points[-NEWEST:]) if due else baseline.usual)


def _usual(points: Sequence[Point]) -> Point:
    return Point(
        p95_ms=median(point.p95_ms for point in points),
        success_rate=median(point.success_rate for point in points),
    )


def anomalies(
    now: Point, usual: Point, standing: frozenset[AnomalyType] = frozenset()
) -> Mapping[AnomalyType, str]:
    """Return what stands now, each with its severity; one that stands stays until it is resolved.

    An anomaly has no moment in its name, so that one which goes on is not another one.
    """
    drop = 100 * (usual.success_rate - now.success_rate)
    more = 100 * (now.error_rate - usual.error_rate)
    spike = "critical" if now.p95_ms > 5000 else "high"
    told: dict[AnomalyType, tuple[bool, bool, str]] = {
        "latency_spike": (
            now.p95_ms > 2 * usual.p95_ms,
            now.p95_ms <= 1.2 * usual.p95_ms,
            spike,
        ),
        "accuracy_drop": (drop > 15, drop < 5, "critical" if drop > 20 else "high"),
        "error_rate_increase": (
            more > 10,
            more < 2,
            "critical" if now.error_rate > 0.05 else "medium",
        ),
    }
    return {
        kind: severity
        for kind, (fires, resolved, severity) in told.items()
        if fires or (kind in standing and not resolved)
    }
