"""What a strategy would have earned: three estimates beside what was earned, and refusals in words."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from arbiter.application.evaluation.judging import Judgement, Verdict
from arbiter.application.evaluation.report import Estimate
from arbiter.interfaces.cli.showing.marks import NOTHING, card, clock, put, table

ESTIMATES = {
    "as logged": "logged",
    "IPS": "ips",
    "SNIPS": "snips",
    "doubly robust": "doubly_robust",
}
CENSORED = ("cancelled", "timed_out", "lost", "given_back", "unfinished")


def judgement(console: Console, found: Judgement) -> None:
    """Show the whole answer."""
    put(console, _heading(found))
    console.print()
    if found.all.evaluation is None:
        console.print(_refused(found.all), soft_wrap=True)
    else:
        _estimates(console, found)
    if found.kinds:
        console.print()
        _kinds(console, found)


def _heading(found: Judgement) -> Table:
    shown = card()
    shown.add_row("strategy", f"{found.strategy} v{found.strategy_version}, by {found.reward}")
    shown.add_row("since", clock(found.since))
    shown.add_row("decisions", f"{found.decisions:,}, made by {_counts(found.logged_by)}")
    if found.left_out:
        shown.add_row("left out", f"{found.left_out:,} that left nothing to chance")
    censored = {end: found.ends[end] for end in CENSORED if end in found.ends}
    shown.add_row("censored", _counts(censored) if censored else "none")
    told = found.all.evaluation
    if told is not None:
        shown.add_row("worth", f"{told.effective_sample_size:,.0f} decisions of its own")
        shown.add_row("weights", f"mean {told.mean_weight:.3f}, largest {told.largest_weight:,.1f}")
    return shown


def _estimates(console: Console, found: Judgement) -> None:
    shown = table(
        "a decision earns", "mean", "95 % interval", "if the censored were all bad … good"
    )
    for name, field in ESTIMATES.items():
        each: Estimate = getattr(found.all.evaluation, field)
        shown.add_row(
            name, f"{each.value:.4f}", _interval(each), f"{each.worst:.4f} … {each.best:.4f}"
        )
    put(console, shown)


def _kinds(console: Console, found: Judgement) -> None:
    shown = table("kind", "decisions", "as logged", "doubly robust", "95 % interval", "worth")
    for each in found.kinds:
        told = each.evaluation
        if told is None:
            shown.add_row(each.kind, f"{each.decisions:,}", *[NOTHING] * 4)
            continue
        shown.add_row(
            each.kind,
            f"{each.decisions:,}",
            f"{told.logged.value:.4f}",
            f"{told.doubly_robust.value:.4f}",
            _interval(told.doubly_robust),
            f"{told.effective_sample_size:,.0f}",
        )
    put(console, shown)
    for each in found.kinds:
        if each.refusal is not None:
            console.print(_refused(each), soft_wrap=True)


def _refused(verdict: Verdict) -> Text:
    return Text.assemble(("the log cannot tell: ", "yellow"), verdict.refusal or "")


def _interval(each: Estimate) -> str:
    return f"{each.low:.4f} … {each.high:.4f}"


def _counts(told: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(told.items()))
