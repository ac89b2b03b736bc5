"""Waiting and background work on the running asyncio loop; threads live here and nowhere deeper."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from arbiter.application.ports import Handle
from arbiter.runtime.threads import DaemonThreads

T = TypeVar("T")


class AsyncioScheduler:
    """The Scheduler of the real world."""

    def __init__(self, threads: int = 10) -> None:
        """`threads` bounds how many blocking calls run at a time."""
        self._threads = DaemonThreads(threads, "arbiter")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, call: Callable[[], object]) -> Handle:
        """Call once, after so many seconds."""
        return asyncio.get_running_loop().call_later(seconds, call)

    def start(self, work: Coroutine[Any, Any, T], *, name: str) -> Awaitable[T]:
        """Begin work in the background."""
        return asyncio.get_running_loop().create_task(work, name=name)

    async def in_thread(self, call: Callable[..., T], *arguments: object) -> T:
        """Run a blocking call in a thread of the pool."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)

    def close(self) -> None:
        """Let go of idle threads; a thread whose call still runs ends with it."""
        self._threads.shutdown(wait=False, cancel_futures=True)
