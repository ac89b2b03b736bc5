"""The findings as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from arbiter.interfaces.cli.doctor.check import Check, worst
from arbiter.interfaces.cli.showing.marks import put, table

STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}
SUMMARIES = {
    "ok": "all is well",
    "warning": "it works; see the warnings",
    "problem": "something is wrong; see the problems",
}


def show_checks(console: Console, checks: Sequence[Check]) -> None:
    """Show each check with its verdict, and what to do."""
    shown = table("check", "", "what was found")
    for check in checks:
        told = Text(check.told)
        if check.advice:
            told.append(f"\n→ {check.advice}", "bold")
        shown.add_row(check.name, Text(check.verdict, STYLES[check.verdict]), told)
    put(console, shown)
    verdict = worst(checks)
    console.print(Text(SUMMARIES[verdict], STYLES[verdict]))
