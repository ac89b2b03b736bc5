"""How agents do, as tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from arbiter.application.performance import Habit, Performance, Performances
from arbiter.domain.anomalies import Anomaly
from arbiter.interfaces.cli.showing.marks import NOTHING, clock, milliseconds, put, table

WORDS = {
    "latency_spike": "slower than usual",
    "accuracy_drop": "poorer than usual",
    "error_rate_increase": "more errors than usual",
}
SEVERITIES = {"critical": "bold red", "high": "red", "medium": "yellow"}
TRENDS = {"improving": "green", "declining": "red", "stable": "dim"}


def performances(console: Console, told: Performances) -> None:
    """Show how agents did in a window, and what is not as usual."""
    if not told.rows:
        console.print(f"no attempt of theirs ended in this window ({told.window})", style="dim")
    else:
        _rows(console, told)
        console.print(
            f"since {clock(told.begins)}; percentiles are at most {told.error:.0%} off",
            style="dim",
        )
    if told.anomalies:
        console.print()
        _anomalies(console, told.anomalies)


def _rows(console: Console, told: Performances) -> None:
    headings = ("attempts", "success", "quality", "P50", "P95", "P99", "cost", "trust")
    shown = table("agent", "kind", *headings, "trend")
    for column in shown.columns[2 : 2 + len(headings)]:
        column.justify = "right"
    habits = {(habit.agent, habit.kind): habit for habit in told.habits}
    for row in told.rows:
        shown.add_row(
            row.agent,
            "all kinds" if row.kind == "*" else row.kind,
            *_numbers(row),
            _trend(habits.get((row.agent, row.kind))),
        )
    put(console, shown)


def _numbers(row: Performance) -> Sequence[str]:
    return (
        f"{row.attempts:,}",
        f"{row.success_rate:.1%}" if row.attempts else NOTHING,
        f"{row.quality:.2f}" if row.rated else NOTHING,
        *(milliseconds(value) for value in (row.p50_ms, row.p95_ms, row.p99_ms)),
        f"{row.cost:.4g}" if row.priced else NOTHING,
        f"{row.confidence:.0%}",
    )


def _trend(habit: Habit | None) -> Text:
    if habit is None or habit.trend is None:
        return Text(NOTHING, "dim")
    return Text(habit.trend.direction, TRENDS[habit.trend.direction])


def _anomalies(console: Console, anomalies: Sequence[Anomaly]) -> None:
    shown = table("not as usual", "agent", "kind", "severity", "now", "usual", "since")
    for each in anomalies:
        shown.add_row(
            WORDS[each.type],
            each.agent,
            each.kind,
            Text(each.severity, SEVERITIES[each.severity]),
            _value(each, each.value),
            _value(each, each.usual),
            clock(each.raised_at),
        )
    put(console, shown)


def _value(anomaly: Anomaly, value: float) -> str:
    return milliseconds(value) if anomaly.type == "latency_spike" else f"{value:.1%}"
