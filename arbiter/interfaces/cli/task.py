"""`arbiter task …`: find tasks, look at one, wait for one."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arbiter.interfaces.cli.reading import seconds
from arbiter.interfaces.cli.session import Session
from arbiter.interfaces.cli.submit import await_end
from arbiter.interfaces.cli.tasks import TaskId, filtered, resolve
from arbiter.interfaces.cli.verb import verb

if TYPE_CHECKING:  # imported when a command runs: help must not wait for the database driver
    from collections.abc import Sequence

    from arbiter.application.answers import Story
    from arbiter.domain.facts import Decision


@verb("list")
def list_tasks(
    session: Session,
    *,
    status: Annotated[
        list[str] | None,
        typer.Option("--status", "-s", metavar="STATUS", help="One of these; repeatable."),
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", "-k", metavar="KIND", help="Only this kind.")
    ] = None,
    queue: Annotated[
        str | None, typer.Option("--queue", "-q", metavar="NAME", help="Only this queue.")
    ] = None,
    agent: Annotated[
        str | None, typer.Option("--agent", metavar="NAME", help="Only this agent's.")
    ] = None,
    tenant: Annotated[
        str | None, typer.Option("--tenant", metavar="NAME", help="Only this tenant's.")
    ] = None,
    error: Annotated[
        str | None, typer.Option("--error", metavar="TYPE", help="The type of its last error.")
    ] = None,
    text: Annotated[
        str | None,
        typer.Option("--text", metavar="TEXT", help="Anywhere in kind, agent, error, reason, id."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Submitted since: ISO 8601, or 2h."),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", metavar="N", help="Tasks on a page, at most 1000.")
    ] = 20,
    after: Annotated[
        str | None, typer.Option("--after", metavar="CURSOR", help="Go on behind this page.")
    ] = None,
) -> None:
    """List tasks, newest first, page by page."""
    conditions: dict[str, Any] = {
        "status": status or (),
        "kind": kind,
        "queue": queue,
        "agent": agent,
        "tenant": tenant,
        "error": error,
        "text": text,
        "since": since,
    }
    wanted = filtered(**conditions)
    with session.arbiter() as arbiter:
        behind = arbiter.views.catch_up()
        page = arbiter.views.find_tasks(wanted, after=after, limit=limit)

    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing import board

        more = _again(conditions, limit, page.next) if page.next is not None else None
        board.page(out, page, more)

    session.answer({"tasks": page.tasks, "next": page.next, "facts_behind": behind}, show)
    session.note_lag(behind)


@verb("show")
def show_one(session: Session, *, task: TaskId) -> None:
    """Show how one task stands: its payload, its attempts, why its agent was chosen, its result or error."""
    from msgspec.structs import asdict

    with session.arbiter() as arbiter:
        known = resolve(arbiter, task)
        view, decision = arbiter.status(known), _decision(arbiter.history(known))

    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing import story

        story.task(out, view, decision)

    session.answer({**asdict(view), "decision": decision}, show)


@verb("history")
def history(session: Session, *, task: TaskId) -> None:
    """Tell everything that happened to a task, fact by fact."""
    with session.arbiter() as arbiter:
        stories = arbiter.history(resolve(arbiter, task))

    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing import story

        story.history(out, stories)

    session.answer(_told(stories), show)


@verb("wait")
def wait(
    session: Session,
    *,
    task: TaskId,
    timeout: Annotated[
        str | None,
        typer.Option("--timeout", "-t", metavar="SPAN", help="How long to wait at most."),
    ] = None,
) -> int:
    """Wait until a task has ended; the exit code is 0 only if it was completed."""
    patience = seconds(timeout, "--timeout") if timeout is not None else None
    with session.arbiter() as arbiter:
        return await_end(session, arbiter, resolve(arbiter, task), patience)


def _decision(stories: Sequence[Story]) -> Decision | None:
    """Return the last choice of an agent for a task; None if none was made."""
    from arbiter.domain.facts import TaskRouted

    for story in reversed(stories):
        if isinstance(story.fact, TaskRouted):
            return story.fact.decision
    return None


def _told(stories: Sequence[Story]) -> dict[str, Any]:
    """Return a history as a document: what the log holds, and each fact as a sentence."""
    import msgspec

    from arbiter.domain.facts import TaskRouted, encode
    from arbiter.domain.routing import told
    from arbiter.projections.sentences import cause, sentence

    return {
        "task_id": stories[0].fact.task_id,
        "status": stories[-1].status,
        "facts": [
            {
                "position": story.position,
                "at": story.fact.at,
                "topic": story.fact.topic,
                "version": story.fact.version,
                "status": story.status,
                "sentence": sentence(story.fact),
                "cause": cause(story.fact),
                "by": getattr(story.fact, "by", None),
                "decision": told(story.fact.decision)
                if isinstance(story.fact, TaskRouted)
                else None,
                "fact": msgspec.Raw(encode(story.fact)),
            }
            for story in stories
        ],
    }


def _again(conditions: Mapping[str, Any], limit: int, cursor: str) -> str:
    """Return the command that shows the next page."""
    words = ["arbiter", "task", "list"]
    for name, value in conditions.items():
        for each in value if isinstance(value, list | tuple) else (value,):
            if each is not None:
                words += [f"--{name}", each]
    return shlex.join([*words, "--limit", str(limit), "--after", cursor])
