"""`arbiter bench`: how fast Arbiter is here, beside what the same database does with the bare bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from rich.console import Console

from arbiter.interfaces.bench.ground import Ground, ground
from arbiter.interfaces.bench.machine import machine
from arbiter.interfaces.bench.parts import Sizes, chosen, run_parts
from arbiter.interfaces.bench.report import show
from arbiter.interfaces.bench.results import Results, as_json
from arbiter.runtime.event_loop import new_loop


def run(
    dsn: str | None,
    only: list[str],
    json: bool,
    *,
    sizes: Sizes | None = None,
    console: Console | None = None,
) -> int:
    """Measure on the PostgreSQL of `dsn`, or on a durable embedded one in a temporary folder.

    Returns the exit code. Raises InvalidInput for an unknown part, Unavailable, DatabaseTooOld, and
    BenchmarkFailed when what was measured did not do what it should.
    """
    names = chosen(only)
    console = console or Console()
    progress = Console(stderr=True)  # lines, no animation: that would be measured too

    def say(part: str) -> None:
        progress.print(f"measuring {part}", style="dim")

    with ground(dsn) as place, asyncio.Runner(loop_factory=new_loop) as runner:
        results = runner.run(measured(place, names, sizes or Sizes(), say))
    show(console, results)
    if json:
        print(as_json(results), flush=True)
    return 0


async def measured(
    place: Ground, names: Sequence[str], sizes: Sizes, say: Callable[[str], object]
) -> Results:
    """Run the parts; `say` is told which one is under way."""
    async with place.plot() as plot:
        results = Results(await machine(plot.session, place.folder))
    await run_parts(place, names, results, sizes, say)
    return results
