"""`arbiter demo`: see it work on real code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from arbiter.interfaces.cli.session import Session
from arbiter.interfaces.cli.verb import verb


@verb("demo")
def demo(
    session: Session,
    *,
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="PATH", help="Python code to review; parts of the standard library if none."
        ),
    ] = None,
) -> int:
    """Review real code with rival agents: see routing learn, and a killed worker's tasks rescued."""
    from arbiter.interfaces.demo.command import run

    console = session.err if session.json else session.out
    return run(path, settings=session.settings(), json=session.json, console=console)
