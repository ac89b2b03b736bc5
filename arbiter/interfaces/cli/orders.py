"""`arbiter task …`: what a person can decide about one task."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arbiter.interfaces.cli.reading import moment
from arbiter.interfaces.cli.session import Session, user
from arbiter.interfaces.cli.tasks import By, TaskId, Why, resolve
from arbiter.interfaces.cli.verb import verb

if TYPE_CHECKING:  # imported when a command runs: help must not wait for the database driver
    from uuid import UUID

    from arbiter.application.answers import TaskView
    from arbiter.bootstrap import Arbiter


@verb("cancel")
def cancel(session: Session, *, task: TaskId, why: Why = None, by: By = None) -> None:
    """End a task, wherever it is; a running handler is told to stop."""
    _order(session, task, lambda arbiter, known: arbiter.cancel(known, by=user(by), why=why))


@verb("suspend")
def suspend(session: Session, *, task: TaskId, why: Why = None, by: By = None) -> None:
    """Set a task aside until it is resumed; its checkpoint is kept."""
    _order(session, task, lambda arbiter, known: arbiter.suspend(known, by=user(by), why=why))


@verb("resume")
def resume(session: Session, *, task: TaskId, by: By = None) -> None:
    """Let a suspended task go on."""
    _order(session, task, lambda arbiter, known: arbiter.resume(known, by=user(by)))


@verb("approve")
def approve(
    session: Session,
    *,
    task: TaskId,
    digest: Annotated[
        str | None,
        typer.Option("--digest", metavar="SHA256", help="Only if it would still do this work."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="TIME", help="When this expires: ISO 8601, or +2h."),
    ] = None,
    why: Why = None,
    by: By = None,
) -> None:
    """Agree to exactly the work that a held task would do."""
    expires = moment(until, "--until") if until is not None else None
    _order(
        session,
        task,
        lambda arbiter, known: arbiter.approve(
            known, by=user(by), why=why, digest=digest, until=expires
        ),
    )


@verb("reject")
def reject(
    session: Session,
    *,
    task: TaskId,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for the log.")],
    by: By = None,
) -> None:
    """Say no to a held task, for good."""
    _order(session, task, lambda arbiter, known: arbiter.reject(known, by=user(by), why=why))


@verb("reschedule")
def reschedule(
    session: Session,
    *,
    task: TaskId,
    priority: Annotated[
        int | None, typer.Option("--priority", "-p", metavar="0-9", help="Higher goes first.")
    ] = None,
    not_before: Annotated[
        str | None,
        typer.Option("--not-before", metavar="TIME", help="Earliest start: ISO 8601, or +10m."),
    ] = None,
    why: Why = None,
    by: By = None,
) -> None:
    """Change when, or how soon before others, a waiting task is offered."""
    at = moment(not_before, "--not-before") if not_before is not None else None
    _order(
        session,
        task,
        lambda arbiter, known: arbiter.reschedule(
            known, priority=priority, not_before=at, by=user(by), why=why
        ),
    )


def _order(session: Session, word: str, order: Callable[[Arbiter, UUID], TaskView]) -> None:
    with session.arbiter() as arbiter:
        view = order(arbiter, resolve(arbiter, word))
    say_where(session, view)


def say_where(session: Session, view: TaskView) -> None:
    """Answer with where a task stands now."""

    def show(out: Any) -> None:
        from rich.text import Text

        from arbiter.interfaces.cli.showing.marks import status

        out.print(Text.assemble(f"{view.task_id} ", status(view.status)), soft_wrap=True)

    session.answer(view, show)


ORDERS = (cancel, suspend, resume, approve, reject, reschedule)
