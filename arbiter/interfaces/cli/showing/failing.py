"""What fails: breakers and failure patterns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from arbiter.application.breaking import BreakerView
from arbiter.application.views import FailureTotals
from arbiter.domain.failures import Watch
from arbiter.interfaces.cli.showing.marks import NOTHING, age, card, clock, put, table

STATES = {"closed": "green", "open": "red", "half_open": "yellow"}


def breakers(console: Console, found: Sequence[BreakerView]) -> None:
    """Show breakers, one in a line."""
    if not found:
        console.print("no breaker has moved, and none counts failures", style="dim")
        return
    shown = table("breaker", "state", "since", "failures", "probes", "by", "why")
    shown.columns[3].justify = "right"
    for breaker in found:
        shown.add_row(
            breaker.name,
            _state(breaker),
            age(breaker.since),
            f"{breaker.failures:,}",
            _probes(breaker),
            breaker.by or NOTHING,
            breaker.why or NOTHING,
        )
    put(console, shown)


def standing(breaker: BreakerView) -> Text:
    """Write how a breaker stands, and why."""
    told = _state(breaker)
    if breaker.why is not None:
        told.append(f" ({breaker.why})", "")
    return told


def state_of(breaker: BreakerView) -> Text:
    """Write how a breaker stands."""
    return Text.assemble(f"breaker {breaker.name}: ", _state(breaker))


def _state(breaker: BreakerView) -> Text:
    told = Text(breaker.state.replace("_", "-"), STATES.get(breaker.state, ""))
    if breaker.until is not None:
        told.append(f" until {clock(breaker.until)}", "")
    return told


def _probes(breaker: BreakerView) -> str:
    if breaker.state != "half_open":
        return NOTHING
    return f"{breaker.probes} of {breaker.allowed} under way, {breaker.successes} succeeded"


def patterns(console: Console, found: Sequence[Watch], totals: FailureTotals) -> None:
    """Show failure patterns, and how many failures there were in all."""
    if not found:
        console.print("no failure is known", style="dim")
    else:
        shown = table("fingerprint", "seen", "last", "agent", "type", "alerts", "pattern")
        shown.columns[1].justify = shown.columns[2].justify = "right"
        for watch in found:
            of = watch.pattern
            shown.add_row(
                of.fingerprint,
                f"{watch.seen:,}",
                age(watch.last),
                of.agent or NOTHING,
                of.type,
                f"{watch.version:,}" if watch.version else NOTHING,
                Text(of.pattern, overflow="ellipsis", no_wrap=True),
            )
        put(console, shown)
    if totals.agents:
        console.print()
        sums = card()
        for name, counted in (
            ("by agent", totals.agents),
            ("by kind", totals.kinds),
            ("by type", totals.types),
        ):
            sums.add_row(name, _sums(counted))
        put(console, sums)


def pattern(console: Console, watch: Watch) -> None:
    """Show one failure pattern with its examples."""
    of = watch.pattern
    shown = card()
    shown.add_row("fingerprint", of.fingerprint)
    shown.add_row("pattern", Text(of.pattern))
    shown.add_row("error", f"{of.type} ({of.kind})")
    shown.add_row("agent", of.agent or "none: nobody had the task")
    shown.add_row("seen", f"{watch.seen:,}, first {clock(watch.first)}, last {clock(watch.last)}")
    shown.add_row("kinds of task", _sums(watch.task_kinds))
    shown.add_row("alerts", f"{watch.version:,}, last {clock(watch.alerted_at)}")
    put(console, shown)
    console.print()
    examples = table("task", "at", "kind", "message")
    for example in reversed(watch.examples):
        examples.add_row(
            str(example.task_id), clock(example.at), example.task_kind, Text(example.message)
        )
    put(console, examples)


def _sums(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{name or NOTHING} {count:,}" for name, count in counted.items()) or NOTHING
