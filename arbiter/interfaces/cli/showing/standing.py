"""How things stand: all tasks, the queues, the workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

from arbiter.application.views import Percentiles, QueueDepth
from arbiter.interfaces.cli.showing.marks import (
    NOTHING,
    age,
    card,
    counts,
    milliseconds,
    put,
    table,
)
from arbiter.runtime.service import Overview


def overview(console: Console, found: Overview) -> None:
    """Show the sums of a window, the queues and the workers."""
    stats = found.stats
    shown = card()
    shown.add_row("tasks", counts(stats.statuses))
    window = "ever" if stats.window_minutes is None else f"last {stats.window_minutes} min"
    shown.add_row(
        window,
        f"{stats.submitted:,} submitted, {stats.completed:,} completed, {stats.failed:,} failed,"
        f" {stats.facts:,} facts",
    )
    shown.add_row(
        "attempts",
        f"{stats.attempts:,} started, {stats.retries:,} retried, {stats.worker_lost:,} lost with"
        f" their worker, {stats.rescued:,} tasks rescued",
    )
    shown.add_row("throughput", f"{stats.throughput_per_minute:,.1f} completed a minute")
    put(console, shown)
    console.print()
    _durations(
        console,
        {
            "submit to result": stats.latency_ms,
            "one attempt": stats.attempt_ms,
            "wait for a start": stats.schedule_to_start_ms,
        },
    )
    if found.queues:
        console.print()
        _queues(console, found)
    console.print()
    _workers(console, found)


def queues(
    console: Console, depths: Sequence[QueueDepth], paused: Sequence[str], limits: Mapping[str, int]
) -> None:
    """Show what every queue holds, and its switches."""
    if not depths:
        console.print("no queue holds a task yet", style="dim")
        return
    shown = table("queue", "ready", "delayed", "switches", "tasks")
    shown.columns[1].justify = shown.columns[2].justify = "right"
    for depth in depths:
        shown.add_row(
            depth.queue,
            f"{depth.ready:,}",
            f"{depth.delayed:,}",
            switches(depth.queue in paused, limits.get(depth.queue)),
            counts(depth.statuses),
        )
    put(console, shown)


def switches(is_paused: bool, limit: int | None) -> Text:
    """Write what operators decided about a queue."""
    told = [Text("paused", "yellow")] if is_paused else []
    if limit is not None:
        told.append(Text(f"at most {limit:,} at a time"))
    return Text(", ").join(told) if told else Text("open", "dim")


def _durations(console: Console, rows: Mapping[str, Percentiles]) -> None:
    shown = table("time", "P50", "P95", "P99", "of")
    for column in shown.columns[1:]:
        column.justify = "right"
    for name, spans in rows.items():
        shown.add_row(
            name,
            *(milliseconds(value) for value in (spans.p50, spans.p95, spans.p99)),
            f"{spans.count:,}",
        )
    put(console, shown)


def _queues(console: Console, found: Overview) -> None:
    shown = table("queue", "switches", "tasks")
    for queue, statuses in found.queues.items():
        shown.add_row(
            queue, switches(queue in found.paused, found.limits.get(queue)), counts(statuses)
        )
    put(console, shown)


def _workers(console: Console, found: Overview) -> None:
    if not found.workers:
        console.print("no worker is there", style="dim")
        return
    shown = table("worker", "pid", "up", "queues", "agents")
    shown.columns[1].justify = shown.columns[2].justify = "right"
    now = datetime.now(UTC)
    for worker in found.workers:
        shown.add_row(
            worker.worker,
            str(worker.pid),
            age(worker.joined_at, now),
            ", ".join(worker.queues),
            ", ".join(worker.agents) or NOTHING,
        )
    put(console, shown)
