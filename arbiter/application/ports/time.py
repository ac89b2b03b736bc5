"""The time, and waiting for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Clock(Protocol):
    """The time, in UTC, as the log's database tells it, and a stopwatch that only goes forward."""

    def now(self) -> datetime:
        """Return the present moment; never earlier than the answer before."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some moment; for measuring spans on this machine."""
        ...


class Handle(Protocol):
    """Something running in the background."""

    def cancel(self) -> object:
        """Ask it to stop."""
        ...


class Scheduler(Protocol):
    """Where waiting and background work happen, so that a test can own both."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def call_later(self, seconds: float, call: Callable[[], object]) -> Handle:
        """Call once, after so many seconds."""
        ...

    def start(self, work: Coroutine[Any, Any, T], *, name: str) -> Awaitable[T]:
        """Begin work in the background (the loop's task)."""
        ...

    async def in_thread(self, call: Callable[..., T], *arguments: object) -> T:
        """Run a blocking call where it blocks nobody else."""
        ...
