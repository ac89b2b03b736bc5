"""`arbiter task redrive`: begin a new run of a parked task, or of all that a filter finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from arbiter.domain.errors import InvalidInput
from arbiter.interfaces.cli.exits import OK, REFUSED
from arbiter.interfaces.cli.orders import say_where
from arbiter.interfaces.cli.reading import payload as read_payload
from arbiter.interfaces.cli.session import Session, user
from arbiter.interfaces.cli.tasks import By, Why, filtered, resolve
from arbiter.interfaces.cli.verb import verb

if TYPE_CHECKING:  # imported when a command runs: help must not wait for the database driver
    from arbiter.application.answers import Redriven
    from arbiter.application.views import TaskFilter

SHOWN = 10


@verb("redrive")
def redrive(
    session: Session,
    *,
    task: Annotated[
        str | None,
        typer.Argument(metavar="TASK", help="Its id, or the first 8 characters or more of it."),
    ] = None,
    payload: Annotated[
        str | None,
        typer.Option(
            "--payload", metavar="JSON|@FILE|-", help="Another payload; passes the gate again."
        ),
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--where-kind", metavar="KIND", help="Only this kind.")
    ] = None,
    queue: Annotated[
        str | None, typer.Option("--where-queue", metavar="NAME", help="Only this queue.")
    ] = None,
    agent: Annotated[
        str | None, typer.Option("--where-agent", metavar="NAME", help="Only this agent's.")
    ] = None,
    tenant: Annotated[
        str | None, typer.Option("--where-tenant", metavar="NAME", help="Only this tenant's.")
    ] = None,
    error: Annotated[
        str | None, typer.Option("--where-error", metavar="TYPE", help="The type of its error.")
    ] = None,
    text: Annotated[
        str | None, typer.Option("--where-text", metavar="TEXT", help="Anywhere in its line.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--where-since", metavar="TIME", help="Submitted since: ISO 8601, or 2h."),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", metavar="N", help="Tasks to redrive, at most.")
    ] = 10_000,
    preview: Annotated[
        bool, typer.Option("--preview", help="Only say which tasks that would be.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    why: Why = None,
    by: By = None,
) -> int:
    """Begin a new run of a failed task, or of every failed task that conditions find."""
    conditions: dict[str, Any] = {
        "kind": kind,
        "queue": queue,
        "agent": agent,
        "tenant": tenant,
        "error": error,
        "text": text,
        "since": since,
    }
    some = any(value is not None for value in conditions.values())
    if (task is None) == (not some):
        raise InvalidInput(
            "TASK", "name one task, or conditions for many", "for example --where-kind review"
        )
    if task is not None:
        return _one(session, task, payload, user(by), why)
    if payload is not None:
        raise InvalidInput("--payload", "is for one task", "name the task")
    where = filtered(**conditions)
    return _many(session, where, preview=preview, yes=yes, by=user(by), why=why, limit=limit)


def _one(session: Session, task: str, payload: str | None, by: str, why: str | None) -> int:
    another = {"payload": read_payload(payload)} if payload is not None else {}
    with session.arbiter() as arbiter:
        view = arbiter.redrive(resolve(arbiter, task), by=by, why=why, **another)
    say_where(session, view)
    return OK


def _many(
    session: Session,
    where: TaskFilter,
    *,
    preview: bool,
    yes: bool,
    by: str,
    why: str | None,
    limit: int,
) -> int:
    if not preview:
        session.must_be_able_to_ask(yes=yes)
    with session.arbiter() as arbiter:
        session.note_lag(arbiter.views.catch_up())
        found = arbiter.redrive_where(where, preview=True, limit=limit)
        if not preview and found.matched:
            session.confirm(f"redrive {len(found.matched):,} failed tasks?", yes=yes)
            found = arbiter.redrive_where(where, by=by, why=why, limit=limit)
    session.answer(_document(found), lambda out: _show(out, found))
    return REFUSED if found.refused else OK


def _document(found: Redriven) -> dict[str, Any]:
    return {
        "matched": found.matched,
        "redriven": found.redriven,
        "refused": [
            {"task_id": task_id, "message": message} for task_id, message in found.refused.items()
        ],
        "preview": found.preview,
    }


def _show(out: Any, found: Redriven) -> None:
    from arbiter.interfaces.cli.showing.marks import tasks

    if not found.matched:
        out.print("no failed task meets the conditions")
    elif found.preview:
        for task_id in found.matched[:SHOWN]:
            out.print(str(task_id))
        if len(found.matched) > SHOWN:
            out.print(f"and {len(found.matched) - SHOWN:,} more", style="dim")
        out.print(f"{tasks(len(found.matched))} would be redriven")
    else:
        out.print(f"{tasks(len(found.redriven))} redriven")
        for message in list(found.refused.values())[:SHOWN]:
            out.print(f"refused: {message}", markup=False)
