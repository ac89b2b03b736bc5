"""`arbiter task stale` and `clean-up`: tasks that have been offered for long and never started."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from arbiter.interfaces.cli.reading import seconds
from arbiter.interfaces.cli.session import Session
from arbiter.interfaces.cli.verb import verb

OlderThan = Annotated[
    str,
    typer.Option("--older-than", metavar="SPAN", help="Waiting for so long, like 30m or 2d."),
]
Limit = Annotated[int, typer.Option("--limit", "-n", metavar="N", help="Tasks, at most.")]


@verb("stale")
def stale(session: Session, *, older_than: OlderThan = "1h", limit: Limit = 100) -> None:
    """List tasks that have been offered for long and never started, oldest first."""
    span = seconds(older_than, "--older-than")
    with session.arbiter() as arbiter:
        rows = arbiter.stale(span, limit=limit)

    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing import board

        board.waiting(out, rows)

    session.answer({"tasks": rows}, show)


@verb("clean-up")
def clean_up(
    session: Session,
    *,
    older_than: OlderThan,
    limit: Limit = 1000,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Fail the tasks that have been offered for so long and never started."""
    span = seconds(older_than, "--older-than")
    session.must_be_able_to_ask(yes=yes)
    with session.arbiter() as arbiter:
        waiting = len(arbiter.stale(span, limit=limit))
        if waiting:
            session.confirm(f"fail {waiting:,} stale tasks?", yes=yes)
        cleaned = arbiter.clean_up(span, limit=limit) if waiting else []
    session.answer(
        {"cleaned": cleaned}, lambda out: out.print(f"{len(cleaned):,} stale tasks failed")
    )
