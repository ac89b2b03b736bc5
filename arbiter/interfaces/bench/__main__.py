"""`python -m arbiter.interfaces.bench`: the same as `arbiter bench`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from arbiter.domain.errors import ArbiterError
from arbiter.interfaces.bench.command import run
from arbiter.interfaces.bench.parts import ALL, Sizes


def bench(
    dsn: Annotated[
        str | None, typer.Option(help="PostgreSQL to measure on; an embedded one by default.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help=f"Run this part alone; repeatable: {', '.join(ALL)}.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the numbers as the last line.")
    ] = False,
    idle_seconds: Annotated[
        float, typer.Option(min=1, help="How long to watch an idle worker.")
    ] = 120,
) -> None:
    """Measure speed and memory beside a raw probe of the same database."""
    try:
        code = run(dsn, only or [], json, sizes=Sizes(idle_seconds=idle_seconds))
    except ArbiterError as refused:
        print(f"error: {refused}", file=sys.stderr)
        raise typer.Exit(1) from None
    raise typer.Exit(code)


if __name__ == "__main__":
    typer.run(bench)
