"""Agents, in tables and on a card."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from arbiter.application.agent_views import AgentMatch, AgentView, RegistryStats
from arbiter.application.breaking import BreakerView
from arbiter.interfaces.cli.showing import failing
from arbiter.interfaces.cli.showing.marks import NOTHING, age, card, clock, put, table

STYLES = {
    "available": "green",
    "busy": "cyan",
    "draining": "yellow",
    "maintenance": "yellow",
    "offline": "red",
    "retired": "dim",
}


def standing(status: str) -> Text:
    """Write a status in its colour."""
    return Text(status, STYLES.get(status, ""))


def agents(console: Console, found: Sequence[AgentView]) -> None:
    """Show agents in lines."""
    if not found:
        console.print("no such agent is registered", style="dim")
        return
    shown = table("agent", "status", "live", "tasks", "capacity", "success", "seen", "kinds")
    for place in (3, 4, 5, 6):
        shown.columns[place].justify = "right"
    for view in found:
        shown.add_row(
            view.name,
            standing(view.status),
            _live(view),
            f"{view.running:,}",
            f"{view.capacity:,}",
            _success(view),
            age(view.last_seen_at),
            ", ".join(view.kinds),
        )
    put(console, shown)


def agent(console: Console, view: AgentView, breaker: BreakerView | None = None) -> None:
    """Show one agent on a card, with its breaker where that was asked for and ever moved."""
    shown = card()
    shown.add_row("agent", view.name)
    shown.add_row("id", str(view.agent_id))
    shown.add_row("status", _status(view))
    if breaker is not None:
        shown.add_row("breaker", failing.standing(breaker))
    shown.add_row("kinds", ", ".join(view.kinds))
    shown.add_row("languages", ", ".join(view.languages) or NOTHING)
    shown.add_row("specializations", ", ".join(view.specializations) or NOTHING)
    shown.add_row("model family", view.model_family or NOTHING)
    shown.add_row("reached", _reached(view))
    shown.add_row("concurrency", f"{view.concurrency:,} on each worker that hosts it")
    shown.add_row("cost of a task", f"{view.cost_per_task:g}")
    shown.add_row("weight", f"{view.weight:g}")
    if view.retry is not None:
        shown.add_row("retry", f"{view.retry.max_attempts:,} attempts, {view.retry.backoff}")
    shown.add_row("live", Text.assemble(_live(view), f", {_hosts(view.hosts)}"))
    shown.add_row("load", f"{view.running:,} of {view.capacity:,} ({view.utilization:.0%})")
    shown.add_row("success", f"{_success(view)} of {view.attempts:,} attempts")
    shown.add_row("registered", clock(view.registered_at))
    shown.add_row("last seen", clock(view.last_seen_at))
    put(console, shown)


def matches(console: Console, found: Sequence[AgentMatch]) -> None:
    """Show who fits, the best first, and why."""
    if not found:
        console.print("no agent fits", style="dim")
        return
    shown = table("agent", "score", "success", "in use", "live", "why")
    for place in (1, 2, 3):
        shown.columns[place].justify = "right"
    for match in found:
        shown.add_row(
            match.name,
            f"{match.score:.3f}",
            f"{match.success_rate:.0%}",
            f"{match.utilization:.0%}",
            _live(match),
            match.reason,
        )
    put(console, shown)


def stats(console: Console, found: RegistryStats) -> None:
    """Show how the registry stands."""
    shown = card()
    shown.add_row("agents", f"{found.agents:,} of {found.limit:,}")
    told = Text()
    for status, count in found.statuses.items():
        told.append(", " if told else "")
        told.append(f"{count:,} ").append_text(standing(status))
    shown.add_row("statuses", told or Text(NOTHING))
    shown.add_row("live", f"{found.live:,}: {found.active:,} at work, {found.idle:,} idle")
    shown.add_row("in use", f"{found.average_utilization:.0%} of the capacity, on average")
    shown.add_row("success", f"{found.average_success_rate:.0%} on average")
    put(console, shown)


def _status(view: AgentView) -> Text:
    told = standing(view.status)
    if view.version > 1 and (view.status_by or view.status_why):
        by = f" by {view.status_by}" if view.status_by else ""
        why = f": {view.status_why}" if view.status_why else ""
        told.append(f" (since {clock(view.status_at)}{by}{why})", "dim")
    return told


def _live(view: AgentView | AgentMatch) -> Text:
    return Text("live", "green") if view.live else Text("not live", "dim")


def _hosts(hosts: int) -> str:
    return "no worker hosts it" if not hosts else f"{hosts:,} worker{'s' * (hosts > 1)}"


def _success(view: AgentView) -> str:
    return f"{view.success_rate:.0%}" if view.attempts else NOTHING


def _reached(view: AgentView) -> str:
    way = view.reached_by
    if way is None:
        return "in the worker's own process"
    return " ".join(way.command) if way.command else str(way.url)
