"""How the router shared the work out, on screen: spans, records, and one decision in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from arbiter.domain.facts import Decision
from arbiter.domain.routing.reasons import told
from arbiter.interfaces.demo.contest import PRICE, Choice, Contest, Standing
from arbiter.interfaces.demo.table import ruled

REWARD = (
    f"The reward of a review: success x quality - {PRICE:g} x CPU seconds. Quality is the\n"
    "share of its findings that its rival makes too (same check, same line), looked\n"
    "at in every review that found something. The likelier it is that a reviewer\n"
    "earns most, the more it is given; a little goes to each, whatever was learnt."
)


def of_contests(contests: Sequence[Contest]) -> Iterable[RenderableType]:
    """Who was given what, and why: the shares of each kind, then all records."""
    yield Text("Who reviews what: the router learns", "bold")
    yield Text(REWARD, "dim")
    for contest in contests:
        yield Text(f"\n{contest.kind}: shares, by tasks in the order in which they were routed")
        yield _shares(contest)
        yield Text(f" {contest.explored} times the draw passed over the best, to learn", "dim")
    yield Text("\nWhat the router knows of each, earlier runs included")
    yield _records(contests)


def _shares(contest: Contest) -> Table:
    table = ruled()
    table.add_column("tasks", no_wrap=True)
    for first, last in contest.spans:
        table.add_column(f"{first}-{last}", justify="right", no_wrap=True)
    for standing in contest.standings:
        table.add_row(standing.reviewer, *(f"{share:.0%}" for share in standing.shares))
    return table


def _records(contests: Sequence[Contest]) -> Table:
    table = ruled()
    table.add_column("reviewer", no_wrap=True)
    for column in ("reviews", "success", "quality", "rated", "CPU", "latency", "reward"):
        table.add_column(column, justify="right", no_wrap=True)
    for contest in contests:
        for standing in contest.standings:
            table.add_row(standing.reviewer, *_record(standing))
    return table


def _record(standing: Standing) -> Iterable[str]:
    record = standing.record
    yield f"{record.attempts:,}"
    yield f"{record.success_rate:.0%}" if record.attempts else "-"
    yield f"{record.quality:.2f}" if record.rated else "-"
    yield f"{record.rated:,}"
    yield f"{record.cost * 1000:,.0f} ms" if record.priced else "-"
    yield f"{record.latency_ms:,.0f} ms" if record.timed else "-"
    yield f"{standing.reward:.2f}"


def of_choice(choice: Choice) -> Iterable[str]:
    """One decision in words, from nothing but what was recorded of it."""
    task, decision = choice.task, choice.routed.decision
    yield f"{task.kind} of {task.payload.value()['path']} went to {choice.routed.agent}."
    yield f"The fact task.routed of task {task.task_id} tells why:"
    for line in told(decision):
        yield f"  {line}"
    yield f"  {_drawn(decision)}"


def _drawn(decision: Decision) -> str:
    """Where the draw fell: by this, anybody can choose again and come to the same agent."""
    until = list(accumulate(each.propensity for each in decision.candidates))
    parts = [
        f"{candidate.agent} below {end:.4f}"
        for candidate, end in zip(decision.candidates[:-1], until, strict=False)
    ]
    last = decision.candidates[-1].agent
    return f"the draw gives {', '.join(parts)}, {last} above; it was {decision.draw:.4f}"
