"""Where an agent's numbers are heading, what is usual for it, and what stands out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import sqrt
from statistics import fmean, median, pstdev
from typing import Literal

import msgspec

from arbiter.domain.performance import POINT_MINUTES, step_of

LEAST_FOR_TREND, LEAST_FOR_OUTLIERS = 20, 10
NEWEST, REFRESHED_EVERY, KEPT = 20, 24, 100
MEMORY = timedelta(days=30)
"""Points that began longer ago than this are not looked at."""

LEAST_ATTEMPTS = 10
"""A point of fewer attempts says nothing."""

Direction = Literal["improving", "stable", "declining"]


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One agent at one kind over one span of time; rates from 0 to 1."""

    begins: datetime
    attempts: int
    p95_ms: float
    success_rate: float
    quality: float | None = None
    """None where too little is known of it."""

    cost: float | None = None

    @property
    def error_rate(self) -> float:
        """The share of attempts that failed."""
        return 1.0 - self.success_rate

    @property
    def worth(self) -> float:
        """Success, discounted by latency: what outliers are told by; higher is better."""
        return self.success_rate / (1.0 + self.p95_ms / 1000.0)

    @property
    def score(self) -> float:
        """What a trend is told by, 0 to 1: success, latency and cost in the weights 4, 3 and 1."""
        parts = [(0.4, self.success_rate), (0.3, 1.0 / (1.0 + self.p95_ms / 1000.0))]
        if self.cost is not None:
            parts.append((0.1, 1.0 / (1.0 + max(self.cost, 0.0))))
        return sum(weight * value for weight, value in parts) / sum(weight for weight, _ in parts)


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


def trend_of(points: Sequence[Point]) -> Trend | None:
    """Tell where the score of points is heading, per hour."""
    if not points:
        return None
    first = points[0].begins
    hour = timedelta(hours=1)
    return trend([((point.begins - first) / hour, point.score) for point in points])


def outliers(values: Sequence[float], beyond: float = 3.0) -> tuple[int, ...]:
    """Return where values stand further than `beyond` deviations off; none of fewer than 10."""
    if len(values) < LEAST_FOR_OUTLIERS or (spread := pstdev(values)) == 0:
        return ()
    mean = fmean(values)
    return tuple(i for i, value in enumerate(values) if abs(value - mean) / spread > beyond)


def outlying(points: Sequence[Point]) -> tuple[datetime, ...]:
    """Return when the points began that stand out from the others."""
    found = outliers([point.worth for point in points])
    return tuple(points[place].begins for place in found)


def usual(points: Sequence[Point], at: datetime) -> Point | None:
    """Return the baseline: the median of the 20 newest points, taken anew every 24 points of time.

    The points are oldest first. As soon as there are 20, those are the first baseline. It follows from the
    points and the moment alone: every worker has the same, also after a restart.
    """
    taken = step_of(at, POINT_MINUTES * REFRESHED_EVERY)
    before = [point for point in points if point.begins < taken]
    if len(before) < NEWEST:
        before = [point for point in points if point.begins < at][:NEWEST]
    if len(before) < NEWEST:
        return None
    newest = before[-NEWEST:]
    return Point(
        begins=newest[-1].begins,
        attempts=round(median(point.attempts for point in newest)),
        p95_ms=median(point.p95_ms for point in newest),
        success_rate=median(point.success_rate for point in newest),
        quality=_median(point.quality for point in newest),
        cost=_median(point.cost for point in newest),
    )


def _median(told: Iterable[float | None]) -> float | None:
    known = [each for each in told if each is not None]
    return median(known) if len(known) >= NEWEST // 2 else None
