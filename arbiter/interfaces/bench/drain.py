"""How fast one worker process works off queued tasks, each of which leaves three durable facts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter

from arbiter.interfaces.bench.ground import Ground, Plot
from arbiter.interfaces.bench.raw import Rate, RawProbe
from arbiter.interfaces.bench.submit import in_bulk
from arbiter.interfaces.bench.worker import Order
from arbiter.interfaces.bench.workers import BenchmarkFailed, order_for, worker
from arbiter.interfaces.bench.workload import FACTS_OF_DRAIN, FACTS_OF_SUBMISSION, hosting

LOOK_SECONDS = 0.002
LOOK_SECONDS_AT_LAG = 0.05
PATIENCE = 300.0
WHOLE = FACTS_OF_SUBMISSION + FACTS_OF_DRAIN


@dataclass(frozen=True)
class Drained:
    """One drain."""

    rate: Rate
    tasks: int
    concurrency: int
    cpu_us: float
    """CPU of the worker for each task, its projector included, up to the last handler."""

    catching_up: float
    """Seconds from its end until every view had all facts, those of the submissions included."""


async def drains(
    ground: Ground,
    raw_rates: list[float],
    *,
    tasks: int,
    concurrency: int,
    rounds: int,
    raw_rows: int,
) -> Drained:
    """Drain several times, each on a fresh schema; return the middle one. Raises BenchmarkFailed."""
    drained = [
        await drain_once(ground, raw_rates, tasks=tasks, concurrency=concurrency, raw_rows=raw_rows)
        for _ in range(rounds)
    ]
    return sorted(drained, key=lambda one: one.rate.per_s)[rounds // 2]


async def drain_once(
    ground: Ground,
    raw_rates: list[float],
    *,
    tasks: int,
    concurrency: int,
    raw_rows: int,
    agents: int = 1,
    routing: str | None = None,
) -> Drained:
    """Drain on a fresh schema, by one agent or by several that share the slots. Raises BenchmarkFailed."""
    async with ground.plot() as plot:
        raw = await RawProbe.on(plot)
        async with hosting(plot) as arbiter:
            await in_bulk(arbiter, tasks - 1)  # the probe has submitted one
        order = order_for(
            plot, concurrency=concurrency, tell_after=tasks, agents=agents, routing=routing
        )
        drained = await _drain(plot, raw, order, raw_rows)
        raw_rates.extend(raw.rates)
        return drained


async def _drain(plot: Plot, raw: RawProbe, order: Order, raw_rows: int) -> Drained:
    tasks, concurrency = order.tell_after, order.concurrency
    before = await raw.run(raw_rows)
    async with worker(order) as one:
        begun = perf_counter()
        await one.tell("start")
        idle = await one.hear("started")
        busy = await one.hear("executed")
        while (await plot.session.row("any_ready"))[0]:  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(LOOK_SECONDS)
        ended = perf_counter()
        await catch_up(plot)
        caught_up = perf_counter()
    after = await raw.run(raw_rows)
    await _check(plot, tasks)
    rate = Rate(tasks / (ended - begun), FACTS_OF_DRAIN, (before + after) / 2)
    cpu_us = (busy.cpu - idle.cpu) / tasks * 1e6
    return Drained(rate, tasks, concurrency, cpu_us, caught_up - ended)


async def catch_up(plot: Plot) -> None:
    """Wait until a projector has brought every view up to the log. Raises BenchmarkFailed."""
    try:
        async with plot.connect() as arbiter, asyncio.timeout(PATIENCE):
            while not (lag := await arbiter.views.lag()) or any(lag.values()):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS_AT_LAG)
    except TimeoutError:
        raise BenchmarkFailed(f"the views are still behind the log after {PATIENCE:g} s") from None


async def _check(plot: Plot, tasks: int) -> None:
    known, whole = await plot.session.row("count_whole", {"many": WHOLE})
    if (known, whole) != (tasks, tasks):
        raise BenchmarkFailed(
            f"of {tasks} drained tasks {whole} have exactly {WHOLE} facts, and the log holds {known}"
        )
