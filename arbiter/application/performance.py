"""What readers are told of how agents do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from arbiter.domain.anomalies import Anomaly
from arbiter.domain.performance import Window
from arbiter.domain.trends import Point, Trend

ALL_KINDS = "*"
"""Stands where a row sums up every kind."""


class Performance(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent did; of what nothing is known, the first belief is told, or None."""

    agent: str
    kind: str
    """A kind, or `*` for all of them."""

    attempts: int
    """Completed and failed; no others count for or against it."""

    completed: int
    failed: int
    cancelled: int
    excused: int
    """Lost with their worker, given back, or over a limit that is not the agent's."""

    success_rate: float
    quality: float
    rated: int
    """How many results the quality is known of."""

    latency_ms: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    """Percentiles are at most `error` off; all other numbers are exact."""

    cost: float
    """The mean of what is known."""

    priced: int
    """How many attempts the cost is known of."""

    confidence: float
    """0 to 1: how far these numbers are to be trusted."""


class Habit(msgspec.Struct, frozen=True, kw_only=True):
    """Where an agent is heading at a kind, what is usual, and what stood out."""

    agent: str
    kind: str
    points: int
    """Spans of five minutes, ten attempts or more in each, that this is told from; at most 100."""

    trend: Trend | None
    usual: Point | None
    outliers: Sequence[datetime]
    """When those spans began that stood out from the others."""


class Performances(msgspec.Struct, frozen=True, kw_only=True):
    """How agents did in a window, where they are heading, and what is not as usual."""

    window: str
    begins: datetime
    ends: datetime
    error: float
    """The greatest error of a percentile, as a share of the value."""

    rows: Sequence[Performance]
    """By agent and kind; where an agent did several kinds, all of them together come first."""

    habits: Sequence[Habit]
    """Of the 200 that did most."""

    anomalies: Sequence[Anomaly]
    """Those that stand."""


class PerformanceReader(Protocol):
    """How agents do."""

    @property
    def error(self) -> float:
        """The greatest error of a percentile, as a share of the value."""
        ...

    async def read(
        self,
        window: Window,
        *,
        at: datetime,
        agent: str | None = None,
        kind: str | None = None,
    ) -> Sequence[Performance]:
        """Return how agents did in the window that ends at a moment, by agent and kind."""
        ...

    async def points(
        self, whose: Collection[tuple[str, str]], *, before: datetime
    ) -> Mapping[tuple[str, str], Sequence[Point]]:
        """Return the newest points of agents at kinds, oldest first, that were over at a moment.

        At most 100 of each, none that began more than 30 days before.
        """
        ...

    async def now(self, *, at: datetime) -> Mapping[tuple[str, str], Point]:
        """Return how agents do at their kinds these five minutes, where that can be told."""
        ...


class AnomaliesReader(Protocol):
    """What is not as usual, and what was not."""

    async def all(
        self, *, agent: str | None = None, kind: str | None = None, standing: bool = False
    ) -> Sequence[Anomaly]:
        """Return anomalies, by agent, kind and type; those that stand, or also those that did."""
        ...
