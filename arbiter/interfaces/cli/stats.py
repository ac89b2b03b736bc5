"""`arbiter stats`: how things stand, and how fast they go."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from arbiter.domain.errors import InvalidInput
from arbiter.interfaces.cli.session import Session
from arbiter.interfaces.cli.verb import verb


@verb("stats")
def stats(
    session: Session,
    *,
    window: Annotated[
        str,
        typer.Option("--window", metavar="MINUTES|all", help="How far to look back."),
    ] = "60",
) -> None:
    """Show how things stand: tasks, throughput, latency, queues, workers."""
    if window != "all" and not window.isdecimal():
        raise InvalidInput("--window", f"{window!r} is no number of minutes", "1 or more, or all")
    with session.arbiter() as arbiter:
        behind = arbiter.views.catch_up()
        found = arbiter.stats(window_minutes=None if window == "all" else int(window))

    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing import standing

        standing.overview(out, found)

    session.answer({"facts_behind": behind, **_plain(found)}, show)
    session.note_lag(behind)


def _plain(found: Any) -> dict[str, Any]:
    import msgspec

    told: dict[str, Any] = msgspec.to_builtins(found)
    del told["running_here"]  # this process runs nothing
    return told
