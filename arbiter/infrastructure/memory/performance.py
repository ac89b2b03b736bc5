"""How agents do, in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from arbiter.application.performance import Performance
from arbiter.domain.anomalies import Anomaly
from arbiter.domain.performance import NOW, POINT_MINUTES, Window
from arbiter.domain.trends import KEPT, MEMORY, Point
from arbiter.infrastructure.memory.view_rows import Rows
from arbiter.infrastructure.reading_performance import (
    Told,
    Whose,
    over,
    performances,
    point,
    points_now,
)
from arbiter.projections.agent_performance import total
from arbiter.projections.latency import ERROR


class MemoryPerformanceReader:
    """How agents do."""

    error = ERROR

    def __init__(self, rows: Rows) -> None:
        """Look through all sums each time."""
        self._rows = rows

    async def read(
        self, window: Window, *, at: datetime, agent: str | None = None, kind: str | None = None
    ) -> Sequence[Performance]:
        """Return how agents did in the window that ends at a moment, by agent and kind."""
        told = self._told(window, at)
        asked = {
            whose: each
            for whose, each in told.items()
            if agent in {None, whose[0]} and kind in {None, whose[1]}
        }
        return performances(asked, window)

    async def points(
        self, whose: Collection[Whose], *, before: datetime
    ) -> Mapping[Whose, Sequence[Point]]:
        """Return the newest points of agents at kinds, oldest first, that were over at a moment."""
        found: dict[Whose, list[Point]] = {}
        for place in sorted(self._rows.sums):
            asked = (place.agent, place.kind) in whose and place.step == POINT_MINUTES
            if asked and over(before) - MEMORY <= place.begins <= over(before):
                told = self._rows.sums[place], self._rows.buckets.get(place, {})
                here = point(place.begins, told)
                if here is not None:
                    found.setdefault((place.agent, place.kind), []).append(here)
        return {each: points[-KEPT:] for each, points in found.items()}

    async def now(self, *, at: datetime) -> Mapping[Whose, Point]:
        """Return how agents do at their kinds these five minutes, where that can be told."""
        return points_now(self._told(NOW, at).items(), NOW, at)

    def _told(self, window: Window, at: datetime) -> dict[Whose, Told]:
        begins = window.begins(at)
        found: dict[Whose, list[Told]] = {}
        for place, sums in self._rows.sums.items():
            if place.step == window.step and begins <= place.begins <= at:
                told = sums, self._rows.buckets.get(place, {})
                found.setdefault((place.agent, place.kind), []).append(told)
        return {whose: total(parts) for whose, parts in found.items()}


class MemoryAnomaliesReader:
    """What is not as usual, and what was not."""

    def __init__(self, rows: Rows) -> None:
        """Look through all anomalies each time."""
        self._rows = rows

    async def all(
        self, *, agent: str | None = None, kind: str | None = None, standing: bool = False
    ) -> Sequence[Anomaly]:
        """Return anomalies, by agent, kind and type; those that stand, or also those that did."""
        found = [
            each
            for each in self._rows.anomalies.values()
            if agent in {None, each.agent}
            and kind in {None, each.kind}
            and (each.stands or not standing)
        ]
        return sorted(found, key=lambda each: (each.agent, each.kind, each.type))
