"""The other end of a benchmark's worker: starts it, listens to it, and never leaves it behind."""

from __future__ import annotations

import asyncio
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from arbiter.domain.errors import ArbiterError
from arbiter.interfaces.bench.ground import Plot
from arbiter.interfaces.bench.worker import Order, Said

PATIENCE = 300.0
PATIENCE_WITH_STOPPING = 15.0


class BenchmarkFailed(ArbiterError):
    """What was measured did not do what it should."""

    code = "benchmark_failed"


class Worker:
    """One worker process."""

    def __init__(self, child: Process, ears: StreamWriter, mouth: StreamReader) -> None:
        """It was started with pipes: one to tell it, one on which it speaks."""
        self._child, self._ears, self._mouth = child, ears, mouth

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    def kill(self) -> None:
        """End it as a crash would."""
        self._child.kill()

    async def tell(self, word: str) -> None:
        """Send it a word."""
        self._ears.write(word.encode() + b"\n")
        await self._ears.drain()

    async def hear(self, word: str) -> Said:
        """Wait until it says this word, and return the line. Raises BenchmarkFailed."""
        try:
            async with asyncio.timeout(PATIENCE):
                async for line in self._mouth:
                    said = msgspec.json.decode(line, type=Said)
                    if said.word == word:
                        return said
        except TimeoutError:
            raise BenchmarkFailed(f"the worker did not say {word!r} in {PATIENCE:g} s") from None
        raise BenchmarkFailed(f"the worker ended before it said {word!r}")

    async def let_go(self) -> None:
        """Have it stop and wait for that."""
        self._ears.close()
        try:
            async with asyncio.timeout(PATIENCE_WITH_STOPPING):
                await self._child.wait()
        except TimeoutError:
            self._child.kill()
            await self._child.wait()


def order_for(
    plot: Plot,
    *,
    concurrency: int,
    tell_after: int = 0,
    agents: int = 1,
    routing: str | None = None,
) -> Order:
    """Say where a worker is to work, and how."""
    return Order(
        dsn=plot.dsn,
        schema=plot.schema,
        concurrency=concurrency,
        tell_after=tell_after,
        agents=agents,
        routing=routing,
    )


@asynccontextmanager
async def worker(order: Order) -> AsyncIterator[Worker]:
    """Lend a worker that is connected and has not been told to start."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "arbiter.interfaces.bench.worker"), stdin=PIPE, stdout=PIPE
    )
    if child.stdin is None or child.stdout is None:
        raise BenchmarkFailed("the worker was started without pipes")
    one = Worker(child, child.stdin, child.stdout)
    try:
        await one.tell(msgspec.json.encode(order).decode())
        await one.hear("open")
        yield one
    finally:
        await one.let_go()
