"""What one worker with nothing to do asks of the database."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter

from arbiter.interfaces.bench.drain import catch_up
from arbiter.interfaces.bench.ground import Ground
from arbiter.interfaces.bench.session import Session
from arbiter.interfaces.bench.workers import order_for, worker

CONCURRENCY = 10
SETTLING_SECONDS = 11.0
"""An idle session tells its last transactions to the statistics within ten seconds."""


@dataclass(frozen=True)
class Idle:
    """Transactions of the whole database, less those of the measurement."""

    transactions: int
    seconds: float

    @property
    def per_minute(self) -> float:
        """Transactions a minute."""
        return self.transactions / self.seconds * 60


async def idle(ground: Ground, *, seconds: float, settling: float = SETTLING_SECONDS) -> Idle:
    """Watch a worker that has an empty queue for so long."""
    async with ground.plot() as plot, worker(order_for(plot, concurrency=CONCURRENCY)) as one:
        await one.tell("start")
        await one.hear("started")
        await catch_up(plot)
        await asyncio.sleep(settling)
        before = await _transactions(plot.session)
        begun = perf_counter()
        await asyncio.sleep(seconds)
        after = await _transactions(plot.session)
        took = perf_counter() - begun
    ours = 1  # the first count is not in itself, but in the second
    return Idle(after - before - ours, took)


async def _transactions(session: Session) -> int:
    row = await session.row("count_transactions")
    return int(row[0])
