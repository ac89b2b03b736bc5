"""Sums and buckets as how an agent does: every store answers in the same words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from arbiter.application.performance import ALL_KINDS, Performance
from arbiter.domain.performance import POINT_MINUTES, Window
from arbiter.domain.record import (
    BILLION,
    FIRST_LATENCY_MS,
    FIRST_QUALITY,
    FIRST_SUCCESS_RATE,
    mean,
)
from arbiter.domain.trends import LEAST_ATTEMPTS, Point
from arbiter.projections.agent_performance import total
from arbiter.projections.latency import percentile
from arbiter.projections.outcomes import Sums

Whose = tuple[str, str]
Told = tuple[Sums, Mapping[int, int]]
"""What became of attempts, and how long they took, in buckets."""


def performances(told: Mapping[Whose, Told], window: Window) -> list[Performance]:
    """Tell how agents did, by agent and kind; several kinds are summed up before them."""
    rows: list[Performance] = []
    agents: dict[str, list[str]] = {}
    for agent, kind in sorted(told):
        agents.setdefault(agent, []).append(kind)
    for agent, kinds in agents.items():
        if len(kinds) > 1:
            both = total(told[agent, kind] for kind in kinds)
            rows.append(performance((agent, ALL_KINDS), both, window))
        rows.extend(performance((agent, kind), told[agent, kind], window) for kind in kinds)
    return rows


def performance(whose: Whose, told: Told, window: Window) -> Performance:
    """Tell what sums and buckets say; a mean of n is the running average old + (x - old) / n."""
    sums, spans = told
    return Performance(
        agent=whose[0],
        kind=whose[1],
        attempts=sums.attempts,
        completed=sums.completed,
        failed=sums.failed,
        cancelled=sums.cancelled,
        excused=sums.excused,
        success_rate=mean(sums.completed, sums.attempts, FIRST_SUCCESS_RATE),
        quality=mean(sums.quality_e9 / BILLION, sums.rated, FIRST_QUALITY),
        rated=sums.rated,
        latency_ms=mean(sums.latency_us / 1000, sums.timed, FIRST_LATENCY_MS),
        p50_ms=percentile(0.50, spans),
        p95_ms=percentile(0.95, spans),
        p99_ms=percentile(0.99, spans),
        cost=mean(sums.cost_e9 / BILLION, sums.priced, 0.0),
        priced=sums.priced,
        confidence=window.confidence(sums.attempts),
    )


def point(begins: datetime, told: Told) -> Point | None:
    """Tell a point; None of too few attempts."""
    sums, spans = told
    p95 = percentile(0.95, spans)
    if sums.attempts < LEAST_ATTEMPTS or p95 is None:
        return None
    rated, priced = sums.rated >= LEAST_ATTEMPTS, sums.priced >= LEAST_ATTEMPTS
    return Point(
        begins=begins,
        attempts=sums.attempts,
        p95_ms=p95,
        success_rate=sums.completed / sums.attempts,
        quality=sums.quality_e9 / BILLION / sums.rated if rated else None,
        cost=sums.cost_e9 / BILLION / sums.priced if priced else None,
    )


def over(before: datetime) -> datetime:
    """Return the last moment at which a point can have begun that is over at another moment."""
    return before - timedelta(minutes=POINT_MINUTES)


def points_now(
    told: Iterable[tuple[Whose, Told]], window: Window, at: datetime
) -> dict[Whose, Point]:
    """Tell how agents do these minutes, where there is enough of it."""
    begins = window.begins(at)
    found = {whose: point(begins, each) for whose, each in told}
    return {whose: here for whose, here in found.items() if here is not None}


def oldest_first(points: Sequence[Point | None]) -> list[Point]:
    """Turn points that were found from the newest back."""
    return [each for each in reversed(points) if each is not None]
