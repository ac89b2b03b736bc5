"""Every port on one PostgreSQL schema, opened and closed together."""

from __future__ import annotations

from contextlib import suppress

from arbiter.application.ports import Clock, Scheduler
from arbiter.infrastructure.postgres.bell import PostgresBell
from arbiter.infrastructure.postgres.committer import Committer
from arbiter.infrastructure.postgres.connections import Connections, Reader
from arbiter.infrastructure.postgres.hosting import (
    PostgresDirectory,
    PostgresLeases,
    PostgresQueues,
)
from arbiter.infrastructure.postgres.log import PostgresLog
from arbiter.infrastructure.postgres.migrator import check
from arbiter.infrastructure.postgres.ready_queue import PostgresReadyQueue

READERS = 4
LANES = 2


class PostgresStore:
    """The log, the ready queue, the leases and the rest, over a handful of connections."""

    log: PostgresLog
    ready: PostgresReadyQueue
    leases: PostgresLeases
    directory: PostgresDirectory
    queues: PostgresQueues
    bell: PostgresBell

    def __init__(
        self,
        dsn: str,
        schema: str,
        *,
        clock: Clock,
        scheduler: Scheduler,
        pooled: bool = False,
        listen_dsn: str | None = None,
    ) -> None:
        """Open nothing yet. `listen_dsn` goes around a pooler, which cannot pass notifications on."""
        self.clock = clock
        self.connections = Connections(dsn, schema, pooled=pooled)
        self._scheduler = scheduler
        self._listening = Connections(listen_dsn, schema) if listen_dsn else self.connections
        self.reader = Reader(self.connections, READERS)
        self._lanes = Reader(self.connections, LANES)
        self._committer: Committer | None = None
        self._bell_started = False

    async def open(self) -> None:
        """Connect; raises Unavailable, DatabaseTooOld or SchemaNotMigrated, and then nothing is open."""
        try:
            await self._scheduler.in_thread(check, self.connections.dsn, self.connections.schema)
            await self.reader.open()
            channel = await self._channel()
            self._committer = Committer(self.connections, self._scheduler, channel)
            await self._committer.start()
            await self._lanes.open()
        except BaseException:
            await self.close()
            raise
        self.log = PostgresLog(self._committer, self.reader, channel)
        self.ready = PostgresReadyQueue(self.reader, channel, self._lanes)
        recording = (self.connections, self.reader, channel)
        self.leases = PostgresLeases(*recording)
        self.directory = PostgresDirectory(*recording)
        self.queues = PostgresQueues(*recording)
        self.bell = PostgresBell(self._listening, self._scheduler, channel)
        await self.bell.start()
        self._bell_started = True

    async def close(self) -> None:
        """Commit what is waiting and disconnect."""
        if self._bell_started:
            await self.bell.stop()
        if self._committer is not None:
            await self._committer.stop()
        with suppress(Exception):
            await self._lanes.close()
        with suppress(Exception):
            await self.reader.close()

    async def leases_of_their_own(self) -> tuple[PostgresLeases, Reader]:
        """Leases on a connection nobody else uses, for the loop and thread that call this."""
        reader = Reader(self.connections, 1)
        await reader.open()
        return PostgresLeases(self.connections, reader, await self._channel()), reader

    async def _channel(self) -> str:
        row = await self.reader.row("channel")
        assert row is not None, "a select without a table has one row"
        return str(row[0])
