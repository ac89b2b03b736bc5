"""Durable submissions a second, by concurrent callers and in bulk, with the raw probe in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from time import perf_counter

from arbiter.aio import AsyncArbiter
from arbiter.domain.errors import ArbiterError
from arbiter.interfaces.bench.ground import Ground
from arbiter.interfaces.bench.raw import Rate, RawProbe, middle
from arbiter.interfaces.bench.workload import FACTS_OF_SUBMISSION, KIND, hosting, payload

BULK = "bulk"
WARMING = 50


async def submissions(
    ground: Ground,
    raw_rates: list[float],
    *,
    callers: Mapping[int, int],
    bulk: int,
    rounds: int,
    raw_rows: int,
) -> Mapping[str, Rate]:
    """Measure each number of callers, with as many submissions as it names, and `bulk` at once.

    Rates are by name: the number of callers, or "bulk"; each is the middle one of several rounds.
    """
    measured: dict[str, list[Rate]] = {}
    async with ground.plot() as plot, hosting(plot) as arbiter:
        raw = await RawProbe.on(plot)
        await by_callers(arbiter, 1, WARMING)
        await raw.run(raw_rows)
        raw.rates.clear()
        for _ in range(rounds):
            before = await raw.run(raw_rows)
            for name, step in _steps(arbiter, callers, bulk).items():
                per_s = await step()
                after = await raw.run(raw_rows)
                beside = (before + after) / 2
                measured.setdefault(name, []).append(Rate(per_s, FACTS_OF_SUBMISSION, beside))
                before = after
        raw_rates.extend(raw.rates)
    return {name: middle(rates) for name, rates in measured.items()}


def _steps(
    arbiter: AsyncArbiter, callers: Mapping[int, int], bulk: int
) -> dict[str, Callable[[], Awaitable[float]]]:
    steps: dict[str, Callable[[], Awaitable[float]]] = {
        str(many): partial(by_callers, arbiter, many, how_many)
        for many, how_many in callers.items()
    }
    if bulk:
        steps[BULK] = partial(in_bulk, arbiter, bulk)
    return steps


async def by_callers(arbiter: AsyncArbiter, callers: int, how_many: int) -> float:
    """Let callers submit one task after the other until so many are durable; return the rate."""
    numbers = iter(range(how_many))

    async def call() -> None:
        for number in numbers:
            await arbiter.submit(KIND, payload(number))

    begun = perf_counter()
    await asyncio.gather(*(call() for _ in range(callers)))
    return how_many / (perf_counter() - begun)


async def in_bulk(arbiter: AsyncArbiter, how_many: int) -> float:
    """Submit so many tasks in one call; return the rate. Raises what refused one of them."""
    begun = perf_counter()
    answers = await arbiter.submit_many(
        {"kind": KIND, "payload": payload(number)} for number in range(how_many)
    )
    rate = how_many / (perf_counter() - begun)
    for answer in answers:
        if isinstance(answer, ArbiterError):
            raise answer
    return rate
