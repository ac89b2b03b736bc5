"""What live tasks occupy: each of them in the in-memory twin, and all of them together in a worker."""

from __future__ import annotations

import gc
import random
import tracemalloc
from dataclasses import dataclass

from arbiter.application import door
from arbiter.application.kinds import KnownKinds
from arbiter.application.orchestrator import Orchestrator
from arbiter.bootstrap.core import new_id
from arbiter.infrastructure.memory.adapters import in_memory
from arbiter.interfaces.bench.ground import Ground, Plot
from arbiter.interfaces.bench.workers import order_for, worker
from arbiter.interfaces.bench.workload import KIND, hosting, payload
from arbiter.runtime.clock import DatabaseClock

WARMING = 100
CONCURRENCY = 10


async def bytes_in_twin(tasks: int) -> float:
    """Return what one live task occupies in the twin, its facts and its row included."""
    clock = DatabaseClock()
    twin = in_memory(clock)
    orchestrator = Orchestrator(
        log=twin.log,
        ready=twin.ready,
        clock=clock,
        kinds=KnownKinds(twin.directory),
        new_id=new_id,
        chance=random.random,
    )
    orchestrator.kinds.declare(frozenset({KIND}))

    async def submit(how_many: int) -> None:
        for number in range(how_many):
            await orchestrator.submit(door.submission(KIND, payload(number)))

    await submit(WARMING)
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        await submit(tasks)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (after - before) / tasks


@dataclass(frozen=True)
class WorkerMemory:
    """Resident bytes of a worker process before many tasks, by how many are queued."""

    few: int
    many: int
    at_few: int
    at_many: int
    executed: int
    """Tasks it had executed by then."""

    @property
    def difference(self) -> int:
        """Bytes that the longer queue costs the worker."""
        return self.at_many - self.at_few


async def worker_memory(ground: Ground, *, few: int, many: int, executed: int) -> WorkerMemory:
    """Let a worker execute the same number of tasks before a short and before a long queue."""
    return WorkerMemory(
        few=few,
        many=many,
        at_few=await _resident(ground, few, executed),
        at_many=await _resident(ground, many, executed),
        executed=executed,
    )


async def _resident(ground: Ground, queued: int, executed: int) -> int:
    async with ground.plot() as plot:
        await fill(plot, queued)
        order = order_for(plot, concurrency=CONCURRENCY, tell_after=executed)
        async with worker(order) as one:
            await one.tell("start")
            said = await one.hear("executed")
        return said.resident


async def fill(plot: Plot, tasks: int) -> None:
    """Queue so many tasks: one is submitted, and its rows are written again under other ids."""
    async with hosting(plot) as arbiter:
        model = await arbiter.submit(KIND, payload(0))
    values = {"task_id": model.task_id, "first": 1, "last": tasks - 1}
    await plot.session.run("multiply_facts", values)
    await plot.session.run("multiply_ready_task", values)
