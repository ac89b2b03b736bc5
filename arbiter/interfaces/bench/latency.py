"""How long a task waits for an idle, warm worker: from the call of submit to the start of its handler."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from statistics import quantiles
from time import perf_counter

from arbiter import AsyncRunningTask
from arbiter.interfaces.bench.ground import Ground
from arbiter.interfaces.bench.workload import AGENT, KIND, payload

WARMING = 20
PATIENCE = 30.0


@dataclass(frozen=True)
class Latency:
    """Milliseconds over all submissions."""

    p50: float
    p99: float
    most: float
    submissions: int


async def latency(ground: Ground, *, submissions: int) -> Latency:
    """Submit one task after the other, each when the one before is completed and the worker is idle."""
    home = asyncio.get_running_loop()
    starts: dict[int, asyncio.Future[float]] = {}
    async with ground.plot() as plot, plot.connect() as arbiter:

        @arbiter.agent(AGENT, kinds={KIND})
        async def nothing(task: AsyncRunningTask) -> None:
            start = starts.pop(task.payload["number"])
            home.call_soon_threadsafe(start.set_result, perf_counter())

        async def once(number: int) -> float:
            start: asyncio.Future[float] = home.create_future()
            starts[number] = start
            asked = perf_counter()
            submitted = await arbiter.submit(KIND, payload(number))
            began = await asyncio.wait_for(start, PATIENCE)
            await arbiter.wait(submitted.task_id, timeout=PATIENCE)
            return (began - asked) * 1000

        await arbiter.start()
        waits = [await once(number) for number in range(WARMING + submissions)]
    return _told(waits[WARMING:])


def _told(waits: list[float]) -> Latency:
    cuts = quantiles(waits, n=100, method="inclusive")
    return Latency(p50=cuts[49], p99=cuts[98], most=max(waits), submissions=len(waits))
