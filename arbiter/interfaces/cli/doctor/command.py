"""`arbiter doctor`: looks at everything Arbiter stands on, and says what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from arbiter.interfaces.cli.session import Session
from arbiter.interfaces.cli.verb import verb

if TYPE_CHECKING:  # imported when a command runs: help must not wait for the database driver
    from arbiter.interfaces.cli.doctor.check import Check


@verb("doctor")
def doctor(
    session: Session,
    *,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Compare every task with the log, not only a sample."),
    ] = False,
) -> int:
    """Check settings, server, schema, log and views; each problem with what to do about it.

    The exit code is 0 without a problem, 1 with one, 3 where the database itself is at fault.
    """
    from arbiter.interfaces.cli.doctor.check import worst
    from arbiter.interfaces.cli.doctor.looking import look

    settings = session.settings()
    with session.waiting("looking"):
        checks, code = look(settings, everything=everything)

    def show(out: Any) -> None:
        from arbiter.interfaces.cli.doctor.showing import show_checks

        show_checks(out, checks)

    session.answer(_document(checks, worst(checks), settings), show)
    return code


def _document(checks: list[Check], verdict: str, settings: Any) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "checks": checks,
        "settings": settings.model_dump(mode="json", by_alias=True),
    }
