"""Small things that all tables write alike: statuses, spans of time, counts, JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

STYLES = {
    "held": "yellow",
    "queued": "blue",
    "assigned": "cyan",
    "running": "cyan",
    "suspended": "yellow",
    "completed": "green",
    "failed": "red",
    "cancelled": "dim",
    "rejected": "magenta",
}
NOTHING = "—"
LONGEST_JSON = 2_000
_STEPS = ((86400, "d"), (3600, "h"), (60, "m"))


def status(name: str) -> Text:
    """Write a status in its colour."""
    return Text(str(name), STYLES.get(str(name), ""))


def counts(statuses: Mapping[str, int]) -> Text:
    """Write how many tasks stand where, in the order of a task's life."""
    order = {name: place for place, name in enumerate(("pending", *STYLES))}
    told = Text()
    for name in sorted(statuses, key=lambda each: order.get(each, len(order))):
        told.append(", " if told else "")
        told.append(f"{statuses[name]:,} ").append(name, STYLES.get(name, ""))
    return told or Text("none", "dim")


def tasks(count: int) -> str:
    """Write how many tasks there are."""
    return "1 task" if count == 1 else f"{count:,} tasks"


def span(seconds: float) -> str:
    """Write a span of time in its largest unit."""
    for size, unit in _STEPS:
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}"
    return f"{max(seconds, 0):.0f}s"


def age(moment: datetime | None, now: datetime | None = None) -> str:
    """Write how long ago a moment was."""
    if moment is None:
        return NOTHING
    return span(((now or datetime.now(UTC)) - moment).total_seconds())


def milliseconds(value: float | None) -> str:
    """Write a duration to three digits."""
    if value is None:
        return NOTHING
    if value < 1000:
        return f"{value:.3g} ms"
    return f"{value / 1000:,.1f} s"


def clock(moment: datetime | None) -> str:
    """Write a moment to the second."""
    return NOTHING if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def pretty(value: Any) -> str:
    """Write JSON on as many lines as it takes, not without end."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    if len(text) <= LONGEST_JSON:
        short = json.dumps(value, ensure_ascii=False)
        return short if len(short) <= 60 else text
    return f"{text[:LONGEST_JSON]}\n… {len(text):,} characters in all; --json shows them"


def table(*headings: str) -> Table:
    """Begin a table without lines: its columns are apart, its heading is dim."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading in headings:
        made.add_column(heading)
    return made


def put(console: Console, shown: Table) -> None:
    """Print a table without blanks at the end of its lines, so that it can be copied."""
    for line in console.render_lines(shown, pad=False):
        while line and not line[-1].text.rstrip():
            line.pop()
        if line:
            line[-1] = line[-1]._replace(text=line[-1].text.rstrip())
        console.print(Segments([*line, Segment.line()]), end="", soft_wrap=True)


def card() -> Table:
    """Begin a list of names and what they are."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    return made
