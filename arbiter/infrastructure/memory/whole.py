"""Every port in memory, opened and closed together: a whole Arbiter without a database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from arbiter.application.ports import BeatStep, Clock, Scheduler
from arbiter.infrastructure.memory.adapters import in_memory
from arbiter.infrastructure.memory.views import MemoryViews


class MemoryWhole:
    """Forgets everything when it is let go; otherwise as honest as the real one."""

    hears = True

    def __init__(self, clock: Clock, scheduler: Scheduler) -> None:
        """Begin empty."""
        self._scheduler = scheduler
        adapters = in_memory(clock)
        self.log = adapters.log
        self.ready = adapters.ready
        self.assignments = adapters.assignments
        self.leases = adapters.leases
        self.directory = adapters.directory
        self.queues = adapters.queues
        self.breakers = adapters.breakers
        self.remote = adapters.remote
        self.bell = adapters.bell
        self.views = MemoryViews(adapters.log, clock, adapters.bell)
        self.ledger = self.views.ledger
        self.records = self.views.records

    async def open(self) -> None:
        """Nothing to connect."""

    async def close(self) -> None:
        """Nothing to disconnect."""

    def beats(self, step: BeatStep) -> Callable[[], Awaitable[None]]:
        """Beat on the loop that everything is on: there is no other process to convince."""
        beating = asyncio.ensure_future(self._scheduler.start(self._beat(step), name="beat"))

        async def stop() -> None:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

        return stop

    async def _beat(self, step: BeatStep) -> None:
        while True:
            await self._scheduler.sleep(await step(self.leases))
