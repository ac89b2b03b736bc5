"""How agents do, on PostgreSQL: a row per step, agent and kind, and one per bucket of latency in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from arbiter.application.performance import Performance
from arbiter.domain.performance import NOW, POINT_MINUTES, Window
from arbiter.domain.trends import KEPT, LEAST_ATTEMPTS, MEMORY, Point
from arbiter.infrastructure.postgres.arrays import integers, moments, texts
from arbiter.infrastructure.postgres.connections import Reader
from arbiter.infrastructure.postgres.views.writer import Writer
from arbiter.infrastructure.reading_performance import (
    Told,
    Whose,
    oldest_first,
    over,
    performances,
    point,
    points_now,
)
from arbiter.projections.agent_performance import AgentPerformanceChange, Place
from arbiter.projections.latency import ERROR
from arbiter.projections.outcomes import SUMS, Sums

COUNTS = tuple(name for name in SUMS if name != "cost_e9")


class PostgresAgentPerformance:
    """Takes what to add to each step."""

    def __init__(self, writer: Writer) -> None:
        """Write within one transaction."""
        self._writer = writer

    async def apply(self, change: AgentPerformanceChange) -> None:
        """Add to the sums and their buckets."""
        if not change.sums:
            return
        sums = list(change.sums.values())
        await self._writer.run(
            "add_to_agent_sums",
            {
                **_places(list(change.sums)),
                **{name: integers([getattr(each, name) for each in sums]) for name in COUNTS},
                "cost_e9": texts([str(each.cost_e9) for each in sums]),
            },
        )
        if change.spans:
            await self._writer.run(
                "add_to_agent_spans",
                {
                    **_places([place for place, _ in change.spans]),
                    "bucket": integers([bucket for _, bucket in change.spans]),
                    "spans": integers(list(change.spans.values())),
                },
            )


class PostgresPerformanceReader:
    """How agents do."""

    error = ERROR

    def __init__(self, reader: Reader) -> None:
        """Read through the pool."""
        self._reader = reader

    async def read(
        self, window: Window, *, at: datetime, agent: str | None = None, kind: str | None = None
    ) -> Sequence[Performance]:
        """Return how agents did in the window that ends at a moment, by agent and kind."""
        return performances(await self._told(window, at, agent, kind), window)

    async def points(
        self, whose: Collection[Whose], *, before: datetime
    ) -> Mapping[Whose, Sequence[Point]]:
        """Return the newest points of agents at kinds, oldest first, that were over at a moment."""
        wanted = list(whose)
        rows = await self._reader.rows(
            "read_points",
            {
                "agent": texts([agent for agent, _ in wanted]),
                "kind": texts([kind for _, kind in wanted]),
                "step": POINT_MINUTES,
                "since": over(before) - MEMORY,
                "until": over(before),
                "least": LEAST_ATTEMPTS,
                "how_many": KEPT,
            },
        )
        found: dict[Whose, list[Point | None]] = {}
        for agent, kind, begins, *sums in rows:
            found.setdefault((agent, kind), []).append(point(begins, _told(sums)))
        return {each: oldest_first(points) for each, points in found.items()}

    async def now(self, *, at: datetime) -> Mapping[Whose, Point]:
        """Return how agents do at their kinds these five minutes, where that can be told."""
        told = await self._told(NOW, at, None, None)
        return points_now(told.items(), NOW, at)

    async def _told(
        self, window: Window, at: datetime, agent: str | None, kind: str | None
    ) -> dict[Whose, Told]:
        asked = {"step": window.step, "begins": window.begins(at), "ends": at, "kind": kind}
        if agent is None:
            rows = await self._reader.rows("read_performance", asked)
        else:
            rows = await self._reader.rows("read_performance_of", {**asked, "agent": agent})
        return {(row[0], row[1]): _told(row[2:]) for row in rows}


def _told(row: Sequence[Any]) -> Told:
    *sums, buckets, spans = row
    sums[-1] = int(sums[-1])  # the cost, which is a number of any length
    told = Sums(**dict(zip(SUMS, sums, strict=True)))
    return told, dict(zip(buckets or (), spans or (), strict=True))


def _places(places: Sequence[Place]) -> dict[str, Any]:
    return {
        "step": integers([place.step for place in places]),
        "begins": moments([place.begins for place in places]),
        "agent": texts([place.agent for place in places]),
        "kind": texts([place.kind for place in places]),
    }
