"""One task: how it stands, and everything that happened to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date

from rich.console import Console
from rich.text import Text

from arbiter.application.answers import Story, TaskView
from arbiter.domain.facts import Decision, TaskRouted
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.routing import told
from arbiter.domain.status import Status
from arbiter.interfaces.cli.showing.marks import STYLES, card, clock, pretty, put, status, table
from arbiter.projections.sentences import cause, failure, one_line, sentence


def task(console: Console, view: TaskView, decision: Decision | None = None) -> None:
    """Show how a task stands, and why its agent was chosen."""
    console.print(Text.assemble(f"{view.task_id} is ", status(view.status)), soft_wrap=True)
    shown = card()
    for name, each in (*_origin(view), *_way(view), *_choice(decision), *_content(view)):
        shown.add_row(name, each)
    put(console, shown)
    if view.error is not None and view.error.detail and view.status is not Status.COMPLETED:
        console.print()
        console.print(Text(view.error.detail.rstrip(), "dim"), soft_wrap=True)


def _origin(view: TaskView) -> Iterator[tuple[str, str | Text]]:
    tenant = f", tenant {view.tenant}" if view.tenant != "default" else ""
    yield "kind", view.kind
    yield "queue", f"{view.queue}, priority {view.priority}{tenant}"
    yield "submitted", clock(view.submitted_at)
    if view.idempotency_key is not None:
        yield "key", Text(view.idempotency_key)


def _way(view: TaskView) -> Iterator[tuple[str, str | Text]]:
    if view.not_before is not None and not view.has_ended:
        yield "not before", clock(view.not_before)
    if view.attempt:
        run = f" of run {view.run}" if view.run > 1 else ""
        by = f", by {view.agent}" if view.agent else ""
        yield "attempt", f"{view.attempt}{run}{by}"
    for name, moment in (("started", view.started_at), ("ended", view.ended_at)):
        if moment is not None:
            yield name, clock(moment)
    for wait in view.waits_for:
        yield "waits for", Text(f"{wait.reason} ({wait.kind})")
    if view.waits_for:
        yield "digest", view.digest
    if view.deferred is not None:
        yield "deferred", Text(view.deferred)


def _choice(decision: Decision | None) -> Iterator[tuple[str, str | Text]]:
    if decision is not None:
        yield "chosen by", Text("\n".join(_reasons(decision)))


def _reasons(decision: Decision) -> Sequence[str]:
    """The decision in words; of one without a choice only the reason is news."""
    lines = told(decision)
    return lines if len(decision.candidates) > 1 else lines[:1]


def _content(view: TaskView) -> Iterator[tuple[str, str | Text]]:
    yield "payload", Text(pretty(view.payload))
    if view.checkpoint is not None:
        yield "checkpoint", Text(pretty(view.checkpoint))
    if view.status is Status.COMPLETED:
        yield "result", Text(pretty(view.result))
    if view.quality is not None:
        yield "quality", Text(f"{view.quality:.3g}, by its own word")
    elif view.error is not None:
        yield "error", Text(one_line(failure(view.error)), STYLES["failed"])


def history(console: Console, stories: Sequence[Story]) -> None:
    """Show the facts of a task as sentences, each with its position, its moment and its status."""
    first = stories[0].fact.at.astimezone(UTC)
    console.print(
        Text(f"{stories[0].fact.task_id}, from {first:%Y-%m-%d} on (UTC)", "dim"), soft_wrap=True
    )
    shown = table("position", "time", "status", "what happened")
    shown.columns[0].justify = "right"
    day: date = first.date()
    for story in stories:
        at = story.fact.at.astimezone(UTC)
        if at.date() != day:
            day = at.date()
            shown.add_row("", Text(f"{day}", "dim"), "", "")
        shown.add_row(
            str(story.position),
            f"{at:%H:%M:%S}.{at.microsecond // 1000:03}",
            status(story.status),
            _told(story.fact),
        )
    put(console, shown)


def _told(fact: TaskFact) -> Text:
    """The sentence without the status it leads to, which has a column; with the reason and the person."""
    becomes = f": the task is {fact.becomes.value}." if fact.becomes is not None else "."
    said = sentence(fact).removesuffix(becomes)
    why = cause(fact)
    shown = Text(said)
    if why is not None and why not in said:
        shown.append(f": {why}")
    if isinstance(fact, TaskRouted) and len(fact.decision.candidates) > 1:
        _, *details = _reasons(fact.decision)
        for line in details:
            shown.append(f"\n  {line}", "dim")
    who = getattr(fact, "by", None)
    if who is not None:
        shown.append(f" [{who}]", "dim")
    return shown
