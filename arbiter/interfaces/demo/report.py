"""The end of the demo, as a person reads it: on a terminal, in a pipe, in 80 columns."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, OverflowMethod
from rich.table import Table
from rich.text import Text

from arbiter.interfaces.demo.choosing import of_choice, of_contests
from arbiter.interfaces.demo.summary import DemoSummary, as_json
from arbiter.interfaces.demo.table import ruled
from arbiter.interfaces.demo.tally import Reviewed, Tally

__all__ = ["DemoSummary", "as_json", "show"]

MOST_RULES = 12
MOST_FILES = 5


def show(
    console: Console,
    summary: DemoSummary,
    reviews: Iterable[Reviewed],
    *,
    task_id: str = "<task id>",
) -> None:
    """Print what happened, what was found, who was chosen and why, and commands to look closer."""
    tally = Tally.of(reviews)
    console.print(_of_run(summary))
    if tally.files:
        console.print(Text(f"\n{_printable(console, _of_tally(tally))}\n"))
    if tally.findings:
        console.print(_of_rules(console, tally))
        console.print()
        console.print(_of_files(console, tally))
    if summary.contests:
        console.print()
        for shown in of_contests(summary.contests):
            console.print(shown)
    if summary.choice is not None:
        console.print(Text("One decision in words", "bold"))
        for line in of_choice(summary.choice):
            _say(console, line)
        console.print()
    _say(console, "Look closer:")
    for command in (f"task history {task_id}", "agents performance", "stats", "task list"):
        _say(console, f"  arbiter {command}")


def _of_run(summary: DemoSummary) -> Table:
    table = Table.grid(padding=(0, 2))
    table.title, table.title_justify, table.title_style = "What happened", "left", "bold"
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    latency = summary.latency_ms
    for name, value, meaning in (
        ("tasks", f"{summary.tasks:,}", "one for each file and kind of review"),
        ("completed", f"{summary.completed:,}", ""),
        (
            "failed",
            f"{summary.failed:,}",
            "parked: a redrive runs them again" if summary.failed else "",
        ),
        ("attempts", f"{summary.attempts:,}", "starts of a reviewer on a file"),
        ("rescued", f"{summary.rescued:,}", "lost their worker and completed on another"),
        ("facts written", f"{summary.facts:,}", "all that happened, kept for good"),
        ("time", f"{summary.seconds:,.1f} s", ""),
        ("throughput", f"{summary.tasks_per_s:,.1f} /s", "tasks completed"),
        ("latency P50", _milliseconds(latency.p50), "from submission to completion"),
        ("latency P95", _milliseconds(latency.p95), ""),
    ):
        style = "bold red" if name == "failed" and summary.failed else ""
        table.add_row(name, Text(value, style), Text(meaning, "dim"))
    return table


def _of_tally(tally: Tally) -> str:
    lines = sum(tally.lines.values())
    each = ", ".join(
        f"{review} {tally.reviews[review]:,} ({' and '.join(sorted(tools))})"
        for review, tools in sorted(tally.tools.items())
    )
    return (
        f"{_many(tally.findings, 'finding')} in {_many(len(tally.files), 'file')},"
        f" {_many(lines, 'line')}.\nBy kind of review: {each}."
    )


def _of_rules(console: Console, tally: Tally) -> Table:
    shown = tally.commonest(MOST_RULES)
    further = len(tally.rules) - len(shown)
    table = ruled("Findings by review and rule")
    table.caption = f" and {_many(further, 'further rule')}" if further else None
    table.add_column("review", no_wrap=True)
    table.add_column("rule", no_wrap=True)
    table.add_column("findings", justify="right", no_wrap=True)
    # Rich's ellipsis is one character that only UTF has.
    overflow: OverflowMethod = "crop" if console.options.ascii_only else "ellipsis"
    table.add_column("for example", no_wrap=True, overflow=overflow, ratio=1)
    table.expand = True  # the example takes the room that is left, and no more
    for rule, count in shown:
        example = _printable(console, tally.example[rule])
        table.add_row(rule.review, Text(rule.name), f"{count:,}", Text(example, "dim"))
    return table


def _of_files(console: Console, tally: Tally) -> Table:
    reviews = sorted(tally.tools)
    table = ruled("Files with most findings")
    table.add_column("file", overflow="fold")
    for column in (*reviews, "all", "lines"):
        table.add_column(column, justify="right", no_wrap=True)
    for file in tally.worst(MOST_FILES):
        by_review = [f"{file.findings[review]:,}" for review in reviews]
        name = Text(_printable(console, file.name))
        table.add_row(name, *by_review, f"{file.findings.total():,}", f"{file.lines:,}")
    return table


def _say(console: Console, line: str) -> None:
    # Never wrapped: a command is copied whole.
    console.print(Text(_printable(console, line)), soft_wrap=True)


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f} ms"


def _printable(console: Console, text: str) -> str:
    """Text in which nothing steers the terminal and everything fits its encoding."""
    plain = "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)
    return plain.encode(console.encoding, "backslashreplace").decode(console.encoding)
