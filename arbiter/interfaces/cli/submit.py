"""`arbiter submit`: one task from the command line, or many from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from arbiter.domain.errors import InvalidInput
from arbiter.interfaces.cli.exits import OK, REFUSED
from arbiter.interfaces.cli.reading import payload, seconds
from arbiter.interfaces.cli.session import Session, user
from arbiter.interfaces.cli.tasks import By
from arbiter.interfaces.cli.verb import verb
from arbiter.interfaces.cli.wishes import options

if TYPE_CHECKING:  # imported when a command runs: help must not wait for the database driver
    from arbiter.application.answers import TaskView
    from arbiter.bootstrap import Arbiter


@verb("submit")
def submit(
    session: Session,
    *,
    kind: Annotated[
        str | None,
        typer.Argument(metavar="KIND", help="What kind of work; an agent must do this kind."),
    ] = None,
    work: Annotated[
        str | None,
        typer.Argument(
            metavar="PAYLOAD|@FILE|-", help="JSON for the handler; - is standard input."
        ),
    ] = None,
    queue: Annotated[
        str | None, typer.Option("--queue", "-q", metavar="NAME", help="The line it waits in.")
    ] = None,
    tenant: Annotated[
        str | None, typer.Option("--tenant", metavar="NAME", help="For whom it is done.")
    ] = None,
    priority: Annotated[
        int | None,
        typer.Option("--priority", "-p", metavar="0-9", help="Higher goes first; 5 by default."),
    ] = None,
    requires: Annotated[
        list[str] | None,
        typer.Option(
            "--requires", metavar="NAME=VALUE", help="What its agent must be able to; repeatable."
        ),
    ] = None,
    not_before: Annotated[
        str | None,
        typer.Option("--not-before", metavar="TIME", help="Earliest start: ISO 8601, or +10m."),
    ] = None,
    idempotency_key: Annotated[
        str | None,
        typer.Option("--idempotency-key", metavar="KEY", help="Submit once, however often asked."),
    ] = None,
    hold: Annotated[
        str | None,
        typer.Option("--hold", metavar="REASON", help="Wait until a person approves it."),
    ] = None,
    max_attempts: Annotated[
        int | None, typer.Option("--max-attempts", metavar="N", help="Attempts in all.")
    ] = None,
    backoff: Annotated[
        str | None,
        typer.Option(
            "--backoff", metavar="HOW", help="Between attempts: linear, exponential, constant."
        ),
    ] = None,
    timeout: Annotated[
        str | None,
        typer.Option("--timeout", metavar="SPAN", help="For one attempt, like 30s or 10m."),
    ] = None,
    schedule_to_start: Annotated[
        str | None,
        typer.Option("--schedule-to-start", metavar="SPAN", help="For waiting in the queue."),
    ] = None,
    total: Annotated[
        str | None,
        typer.Option("--total", metavar="SPAN", help="For everything, retries included."),
    ] = None,
    any_kind: Annotated[
        bool,
        typer.Option("--any-kind", help="Accept a kind that no agent was ever registered for."),
    ] = False,
    by: By = None,
    many: Annotated[
        str | None,
        typer.Option(
            "--many",
            metavar="FILE",
            help="One task per line of JSON Lines: kind, payload, and these options by name.",
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", "-w", help="Wait for the end, and show the result.")
    ] = False,
    wait_timeout: Annotated[
        str | None,
        typer.Option("--wait-timeout", metavar="SPAN", help="How long to wait at most."),
    ] = None,
) -> int:
    """Ask for work: it is durable when this returns.

    Prints the id of the task. With --wait, the exit code is 0 only if the task was completed.
    """
    said = {
        "kind": kind,
        "queue": queue,
        "tenant": tenant,
        "priority": priority,
        "requires": requires or None,
        "not_before": not_before,
        "idempotency_key": idempotency_key,
        "hold": hold,
        "max_attempts": max_attempts,
        "backoff": backoff,
        "timeout": timeout,
        "schedule_to_start": schedule_to_start,
        "total": total,
        "any_kind": any_kind or None,
        "by": user(by),
    }
    if many is not None:
        _must_not_be_for_one(work, idempotency_key, wait=wait or wait_timeout is not None)
        from arbiter.interfaces.cli.bulk import submit_lines

        return submit_lines(session, many, said)
    if kind is None:
        raise InvalidInput(
            "KIND", "is missing", 'for example: arbiter submit greet \'{"to": "Ada"}\''
        )
    patience = seconds(wait_timeout, "--wait-timeout") if wait_timeout is not None else None
    wanted = options(said, naming=lambda name: f"--{name.replace('_', '-')}")
    wanted["payload"] = payload(work)
    with session.arbiter() as arbiter:
        submitted = arbiter.submit(**wanted)
        if wait or patience is not None:
            return await_end(session, arbiter, submitted.task_id, patience)
    again = " (submitted before, by the same key)" if submitted.repeated else ""
    session.answer(
        submitted,
        lambda out: out.print(
            f"{submitted.task_id} {submitted.status.value}{again}", soft_wrap=True
        ),
    )
    return OK


def await_end(session: Session, arbiter: Arbiter, task_id: UUID, patience: float | None) -> int:
    """Wait for a task's end and show it; the exit code tells whether it was completed."""
    with session.waiting(f"waiting for {task_id}"):
        view = arbiter.wait(task_id, patience)
    show_task(session, view)
    return OK if view.status == "completed" else REFUSED


def show_task(session: Session, view: TaskView) -> None:
    """Answer with one task."""

    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing.story import task

        task(out, view)

    session.answer(view, show)


def _must_not_be_for_one(work: str | None, key: str | None, *, wait: bool) -> None:
    for name, given in (
        ("PAYLOAD", work is not None),
        ("--idempotency-key", key is not None),
        ("--wait", wait),
    ):
        if given:
            raise InvalidInput(
                name, "is for one task", "leave it out with --many; a line has its own"
            )
