"""`arbiter bench`: measure speed and memory on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from arbiter.interfaces.cli.session import Session
from arbiter.interfaces.cli.verb import verb


@verb("bench")
def bench(
    session: Session,
    *,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="PART", help="Run this part alone; repeatable."),
    ] = None,
) -> int:
    """Measure submitting, draining, latency, memory and idle cost, beside a raw probe."""
    from arbiter.interfaces.bench.command import run

    return run(session.settings().dsn, only or [], session.json)
