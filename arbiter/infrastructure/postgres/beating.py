"""Where a worker's beat comes from: a thread of its own, so that busy handlers cannot delay it."""

from __future__ import annotations

import asyncio
import logging
import threading

from arbiter.application.ports import BeatStep
from arbiter.domain.errors import Unavailable
from arbiter.infrastructure.postgres.connections import Connections, Reader
from arbiter.infrastructure.postgres.hosting import PostgresLeases

log = logging.getLogger(__name__)
AGAIN_SECONDS = 0.5


class Beating:
    """Runs beats until stopped; a database that is away is tried again and again."""

    def __init__(self, connections: Connections, channel: str, step: BeatStep) -> None:
        """Nothing beats yet."""
        self._connections, self._channel, self._step = connections, channel, step
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="arbiter beat", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """End after the beat under way."""
        if self._loop is not None and self._stopping is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.run(self._beat())

    async def _beat(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        while not self._stopping.is_set():
            reader = Reader(self._connections, 1)
            try:
                await reader.open()
                await self._beat_with(PostgresLeases(reader, self._channel))
            except Unavailable as error:
                log.warning("cannot beat: %s", error)
                await self._pause(AGAIN_SECONDS)
            except Exception:
                log.exception("a beat failed")
                await self._pause(AGAIN_SECONDS)
            finally:
                await reader.close()

    async def _beat_with(self, leases: PostgresLeases) -> None:
        assert self._stopping is not None, "set before the first beat"
        while not self._stopping.is_set():
            await self._pause(await self._step(leases))

    async def _pause(self, seconds: float) -> None:
        assert self._stopping is not None, "set before the first pause"
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
