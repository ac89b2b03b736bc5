"""Tasks, one a line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from arbiter.application.ready_row import ReadyRow
from arbiter.application.views import TaskPage, TaskSummary
from arbiter.interfaces.cli.showing.marks import NOTHING, age, milliseconds, put, status, table

ROOM_FOR_ALL = 110
"""Columns from which on a line tells who and why, too."""


def page(console: Console, found: TaskPage, more: str | None) -> None:
    """Show one page of tasks; `more` is the command that shows the next."""
    if not found.tasks:
        console.print("no such tasks", style="dim")
        return
    wide = console.width >= ROOM_FOR_ALL
    shown = table("task", "status", "kind", "tries", "age")
    for column in shown.columns:
        column.no_wrap = True
    shown.columns[2].max_width = 24 if wide else 18
    shown.columns[3].justify = shown.columns[4].justify = "right"
    if wide:
        shown.add_column("took", justify="right", no_wrap=True)
        shown.add_column("agent", no_wrap=True, max_width=16)
        shown.add_column("why", no_wrap=True)
    for task in found.tasks:
        shown.add_row(*_cells(task, wide=wide))
    if wide:
        _make_fit(console, shown)
    put(console, shown)
    if more is not None:
        console.print(Text(f"more: {more}", "dim"), soft_wrap=True)


def _cells(task: TaskSummary, *, wide: bool) -> list[str | Text]:
    cells: list[str | Text] = [
        str(task.task_id),
        status(task.status),
        Text(task.kind),
        str(task.attempts),
        age(task.submitted_at),
    ]
    if wide:
        cells += [milliseconds(task.latency_ms), Text(task.agent or NOTHING), _why(task)]
    return cells


def _make_fit(console: Console, shown: Table) -> None:
    """Give the last column what the others leave: it alone may be cut."""
    *first, last = shown.columns
    widest = console.options.update(max_width=1_000)
    taken = sum(
        min(
            max(
                console.measure(cell, options=widest).maximum
                for cell in (column.header, *column.cells)
            ),
            column.max_width or widest.max_width,
        )
        + 2
        for column in first
    )
    last.max_width = max(console.width - taken, 10)


def waiting(console: Console, rows: Sequence[ReadyRow]) -> None:
    """Show tasks that nobody has started."""
    if not rows:
        console.print("no stale tasks", style="dim")
        return
    shown = table("task", "kind", "queue", "waiting")
    shown.columns[0].no_wrap = True
    for row in rows:
        shown.add_row(str(row.task_id), row.kind, row.queue, age(row.submitted_at))
    put(console, shown)


def _why(task: TaskSummary) -> Text:
    if task.error_type is not None:
        said = f"{task.error_type}: {task.error_message}" if task.error_message else task.error_type
        return Text(" ".join(said.split()), "red" if task.status == "failed" else "")
    if task.rescued:
        return Text("rescued from a lost worker", "green")
    return Text(task.reason or "", "dim")
