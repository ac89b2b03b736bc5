"""How agents do, put together from the views: windows, habits, and what is not as usual."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from arbiter.application.performance import ALL_KINDS, Habit, Performances
from arbiter.application.views import Views
from arbiter.domain.performance import Window
from arbiter.domain.trends import Point, outlying, trend_of, usual

MOST_HABITS = 200
"""Of so many agents at a kind, the busiest in the window, it is told where they are heading."""


async def report(
    views: Views,
    window: Window,
    *,
    at: datetime,
    agent: str | None = None,
    kind: str | None = None,
) -> Performances:
    """Tell how agents did in a window that ends at a moment, and where they are heading."""
    rows = await views.agent_performance.read(window, at=at, agent=agent, kind=kind)
    busiest = sorted(rows, key=lambda row: -row.attempts)
    whose = [(row.agent, row.kind) for row in busiest if row.kind != ALL_KINDS][:MOST_HABITS]
    points = await views.agent_performance.points(whose, before=at)
    return Performances(
        window=window.name,
        begins=window.begins(at),
        ends=at,
        error=views.agent_performance.error,
        rows=rows,
        habits=[habit(each, points.get(each, ()), at) for each in sorted(whose)],
        anomalies=await views.anomalies.all(agent=agent, kind=kind, standing=True),
    )


def habit(whose: tuple[str, str], points: Sequence[Point], at: datetime) -> Habit:
    """Tell where an agent is heading at a kind, from its newest points."""
    agent, kind = whose
    return Habit(
        agent=agent,
        kind=kind,
        points=len(points),
        trend=trend_of(points),
        usual=usual(points, at),
        outliers=outlying(points),
    )
