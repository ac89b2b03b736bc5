"""A scheduler whose time passes only when a test says so: loops run without waits and threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from heapq import heappop, heappush
from itertools import count
from typing import Any, TypeVar

from arbiter.testing.clock import FrozenClock

T = TypeVar("T")

QUIET_ROUNDS = 25
"""Rounds of the event loop without a step of our work after which nothing more will come."""

RESTLESS_ROUNDS = 100_000
"""Rounds after which work that never waits for time or for anybody is called a mistake."""


class Timer:
    """A call that waits for its moment."""

    __slots__ = ("at", "call", "order")

    def __init__(self, at: float, order: int, call: Callable[[], object]) -> None:
        """Wait until the stopwatch shows `at`; timers of one moment go off in their order."""
        self.at, self.order, self.call = at, order, call

    def __lt__(self, other: Timer) -> bool:
        return (self.at, self.order) < (other.at, other.order)

    def cancel(self) -> None:
        """Do nothing when the moment comes."""
        self.call = _nothing


class VirtualScheduler:
    """Sleepers wake, and timers go off, in the order of their moments, when a test advances time.

    Background work runs on the event loop of the test; what would run in a thread runs inline.
    """

    def __init__(self, clock: FrozenClock | None = None) -> None:
        """Share a clock with whatever else the test drives."""
        self.clock = clock or FrozenClock()
        self._timers: list[Timer] = []
        self._orders = count()
        self._steps = 0

    async def sleep(self, seconds: float) -> None:
        """Wait until the test has advanced time so far; for nothing, let others go first."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.call_later(seconds, lambda: woken.set_result(None))
        try:
            await woken
        finally:
            timer.cancel()

    def call_later(self, seconds: float, call: Callable[[], object]) -> Timer:
        """Call once the test has advanced time so far."""
        timer = Timer(self.clock.monotonic() + seconds, next(self._orders), call)
        heappush(self._timers, timer)
        return timer

    def start(self, work: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Begin work in the background, and notice each of its steps."""
        return asyncio.get_running_loop().create_task(_Watched(work, self._step), name=name)

    async def in_thread(self, call: Callable[..., T], *arguments: object) -> T:
        """Call right here: a test has one thread."""
        self._step()
        return call(*arguments)

    async def run_until_idle(self) -> None:
        """Let everything run that needs no time to pass."""
        self._go_off()
        quiet = 0
        for _ in range(RESTLESS_ROUNDS):
            if quiet == QUIET_ROUNDS:
                return
            before = self._steps
            await asyncio.sleep(0)
            quiet = quiet + 1 if self._steps == before else 0
        raise RuntimeError(f"still busy after {RESTLESS_ROUNDS} rounds: some work never waits")

    async def advance(self, seconds: float) -> None:
        """Let time pass, stopping at each timer's moment for all that follows from it."""
        await self.run_until_idle()
        until = self.clock.monotonic() + seconds
        while self._timers and self._timers[0].at <= until:
            self.clock.advance(max(0.0, self._timers[0].at - self.clock.monotonic()))
            await self.run_until_idle()
        self.clock.advance(max(0.0, until - self.clock.monotonic()))
        await self.run_until_idle()

    @property
    def next_timer(self) -> float | None:
        """Seconds until the next timer goes off; None when nobody waits for time."""
        waiting = [timer.at for timer in self._timers if timer.call is not _nothing]
        return min(waiting) - self.clock.monotonic() if waiting else None

    def _go_off(self) -> None:
        while self._timers and self._timers[0].at <= self.clock.monotonic() + 1e-9:
            self._step()
            heappop(self._timers).call()

    def _step(self) -> None:
        self._steps += 1


class _Watched(Coroutine[Any, Any, T]):
    """A coroutine whose every step is noticed."""

    def __init__(self, work: Coroutine[Any, Any, T], step: Callable[[], None]) -> None:
        self._work, self._step = work, step

    def send(self, value: Any) -> Any:
        """Take one step."""
        self._step()
        return self._work.send(value)

    def throw(self, *thrown: Any) -> Any:
        """Take one step, with an error."""
        self._step()
        return self._work.throw(*thrown)

    def close(self) -> None:
        """End early."""
        self._work.close()

    def __await__(self) -> Generator[Any, Any, T]:
        return self._work.__await__()


def _nothing() -> None:
    """What a cancelled timer does."""
