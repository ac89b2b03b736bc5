"""`arbiter breakers …`: who gets no tasks, or few, because it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from arbiter.interfaces.cli import reading
from arbiter.interfaces.cli.session import Session, user
from arbiter.interfaces.cli.tasks import By, Why
from arbiter.interfaces.cli.verb import verb

if TYPE_CHECKING:  # imported when a command runs: help must not wait for the database driver
    from arbiter.application.breaking import BreakerView

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="An agent, or a transport: transport:https://host.")
]


@verb("list")
def list_breakers(session: Session) -> None:
    """List the breakers that ever moved, or count failures now."""
    with session.arbiter() as arbiter:
        behind = arbiter.views.catch_up()
        found = arbiter.breakers.list()

    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing import failing

        failing.breakers(out, found)

    session.answer({"breakers": found, "facts_behind": behind}, show)
    session.note_lag(behind)


@verb("open")
def open_breaker(
    session: Session,
    *,
    name: Name,
    seconds: Annotated[
        str | None,
        typer.Option("--for", metavar="SPAN", help="Then it is tried out; else not until closed."),
    ] = None,
    why: Why = None,
    by: By = None,
) -> None:
    """Keep an agent, or all behind a transport, from new tasks; what runs goes on."""
    span = reading.seconds(seconds, "--for") if seconds is not None else None
    with session.arbiter() as arbiter:
        breaker = arbiter.breakers.open(name, seconds=span, by=user(by), why=why)
    _say(session, breaker)


@verb("close")
def close_breaker(session: Session, *, name: Name, why: Why = None, by: By = None) -> None:
    """Let it have tasks again, without trying it out."""
    with session.arbiter() as arbiter:
        breaker = arbiter.breakers.close(name, by=user(by), why=why)
    _say(session, breaker)


@verb("reset")
def reset_breaker(session: Session, *, name: Name, why: Why = None, by: By = None) -> None:
    """Make it as new: closed, and no failure counts."""
    with session.arbiter() as arbiter:
        arbiter.views.catch_up()
        breaker = arbiter.breakers.reset(name, by=user(by), why=why)
    _say(session, breaker)


def _say(session: Session, breaker: BreakerView) -> None:
    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing import failing

        out.print(failing.state_of(breaker))

    session.answer(breaker, show)


BREAKERS = (list_breakers, open_breaker, close_breaker, reset_breaker)
