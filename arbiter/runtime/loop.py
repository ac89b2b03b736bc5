"""A step that is run again and again: when woken, when its time has come, and not otherwise."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from arbiter.application.ports import Scheduler

log = logging.getLogger(__name__)

Step = Callable[[], Awaitable[float | None]]
"""Does what there is to do; answers in how many seconds to run again, None for not before woken."""

BACK_OFF = (0.1, 0.5, 1.0, 2.0, 5.0)


class Loop:
    """Runs a step; an error is logged and the step tried again, more slowly each time."""

    def __init__(self, name: str, step: Step, scheduler: Scheduler) -> None:
        """Nothing runs yet."""
        self.name = name
        self._step, self._scheduler = step, scheduler
        self._woken = asyncio.Event()
        self._stopping = False
        self._failures = 0
        self._running: asyncio.Future[None] | None = None
        self._home: asyncio.AbstractEventLoop | None = None

    def call_soon(self, call: Callable[[], object]) -> None:
        """Call something on the loop this runs on, from any thread; nothing once it has stopped."""
        if self._home is not None and not self._home.is_closed():
            self._home.call_soon_threadsafe(call)

    def wake(self) -> None:
        """Run the step soon."""
        self._woken.set()

    def start(self) -> None:
        """Begin to run."""
        if self._running is None:
            self._home = asyncio.get_running_loop()
            self._running = asyncio.ensure_future(
                self._scheduler.start(self._run(), name=self.name)
            )

    async def stop(self) -> None:
        """Let the step that runs end, and run no other."""
        self._stopping = True
        self._woken.set()
        if self._running is not None:
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None

    async def _run(self) -> None:
        while not self._stopping:
            self._woken.clear()
            pause = await self._once()
            if pause is not None and pause <= 0:
                await self._scheduler.sleep(0)
                continue
            await self._wait(pause)

    async def _once(self) -> float | None:
        try:
            pause = await self._step()
        except Exception as error:
            pause = BACK_OFF[min(self._failures, len(BACK_OFF) - 1)]
            self._failures += 1
            log.warning(
                "%s: %s; again in %g s", self.name, error, pause, exc_info=not _expected(error)
            )
            await self._scheduler.sleep(pause)
            return 0.0
        self._failures = 0
        return pause

    async def _wait(self, pause: float | None) -> None:
        alarm = self._scheduler.call_later(pause, self._woken.set) if pause is not None else None
        try:
            await self._woken.wait()
        finally:
            if alarm is not None:
                alarm.cancel()


def _expected(error: Exception) -> bool:
    """A database that is away is news, its traceback is not."""
    return getattr(error, "code", None) == "database_unavailable"
