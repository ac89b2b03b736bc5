"""Hears, over LISTEN, that something was appended; reconnects, and rings once after each gap."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import psycopg
from psycopg import AsyncConnection, sql

from arbiter.application.ports import Scheduler
from arbiter.domain.errors import Unavailable
from arbiter.infrastructure.postgres.connections import Connections, Row, first_line

log = logging.getLogger(__name__)
Heard = Callable[[frozenset[str]], object]
EVERYTHING = frozenset({"log", "ready", "agents", "counts"})
PAUSE_SECONDS = 1.0


class PostgresBell:
    """One listening connection for everybody in this process."""

    def __init__(self, connections: Connections, scheduler: Scheduler, channel: str) -> None:
        """Listen to nothing yet."""
        self._connections, self._scheduler, self._channel = connections, scheduler, channel
        self._ears: dict[int, Heard] = {}
        self._next = 0
        self._listening: asyncio.Task[None] | None = None

    def listen(self, heard: Heard) -> Callable[[], None]:
        """Call with the words that rang; returns the way out."""
        self._next += 1
        ear = self._next
        self._ears[ear] = heard
        return lambda: self._ears.pop(ear, None) and None

    async def start(self) -> None:
        """Begin to listen; a pooler cannot pass notifications on, so behind one this is silent."""
        if not self._connections.pooled:
            connection = await self._connect()
            self._listening = asyncio.ensure_future(
                self._scheduler.start(self._run(connection), name="bell")
            )

    async def stop(self) -> None:
        """Stop listening."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    async def _connect(self) -> AsyncConnection[Row]:
        connection = await self._connections.open()
        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
        return connection

    async def _run(self, connection: AsyncConnection[Row]) -> None:
        while True:
            try:
                await self._hear(connection)
            except (psycopg.OperationalError, Unavailable) as error:
                log.warning("the listening connection was lost: %s", first_line(error))
            await self._scheduler.sleep(PAUSE_SECONDS)
            try:
                connection = await self._connect()
            except (psycopg.OperationalError, Unavailable) as error:
                log.warning("cannot listen: %s", first_line(error))
                continue
            self._ring(EVERYTHING)  # whatever rang meanwhile was missed

    async def _hear(self, connection: AsyncConnection[Row]) -> None:
        try:
            async for notice in connection.notifies():
                self._ring(frozenset({notice.payload}))
        finally:
            await connection.close()

    def _ring(self, words: frozenset[str]) -> None:
        for heard in list(self._ears.values()):
            try:
                heard(words)
            except Exception:
                log.exception("a listener failed")
