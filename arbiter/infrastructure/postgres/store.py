"""Every port on one PostgreSQL schema, opened and closed together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from arbiter.application.ports import BeatStep, Clock, Scheduler
from arbiter.infrastructure.postgres.assignments import PostgresAssignments
from arbiter.infrastructure.postgres.beating import Beating
from arbiter.infrastructure.postgres.bell import PostgresBell
from arbiter.infrastructure.postgres.breakers import PostgresBreakers
from arbiter.infrastructure.postgres.committer import Committer
from arbiter.infrastructure.postgres.connections import Connections, Reader
from arbiter.infrastructure.postgres.directory import PostgresDirectory
from arbiter.infrastructure.postgres.hosting import PostgresLeases, PostgresQueues
from arbiter.infrastructure.postgres.log import PostgresLog
from arbiter.infrastructure.postgres.migrator import check
from arbiter.infrastructure.postgres.ready_queue import PostgresReadyQueue
from arbiter.infrastructure.postgres.remote import PostgresRemoteAttempts
from arbiter.infrastructure.postgres.views.agent_records import PostgresRecords
from arbiter.infrastructure.postgres.views.ledger import PostgresLedger
from arbiter.infrastructure.postgres.views.views import PostgresViews

READERS = 4
LANES = 2


class PostgresStore:
    """The log, the ready queue, the leases and the rest, over a handful of connections."""

    log: PostgresLog
    ready: PostgresReadyQueue
    assignments: PostgresAssignments
    leases: PostgresLeases
    directory: PostgresDirectory
    queues: PostgresQueues
    breakers: PostgresBreakers
    remote: PostgresRemoteAttempts
    bell: PostgresBell

    views: PostgresViews
    connections: Connections
    reader: Reader

    def __init__(
        self,
        locate: Callable[[], str],
        schema: str,
        *,
        clock: Clock,
        scheduler: Scheduler,
        pooled: bool = False,
        listen_dsn: str | None = None,
    ) -> None:
        """Open nothing yet. `locate` tells the connection string, and may start a server for that.

        `listen_dsn` goes around a pooler, which cannot pass notifications on.
        """
        self.clock, self.schema = clock, schema
        self._locate, self._scheduler = locate, scheduler
        self._pooled, self._listen_dsn = pooled, listen_dsn
        self._lanes: Reader | None = None
        self._committer: Committer | None = None
        self._bell_started = False

    @property
    def hears(self) -> bool:
        """Notifications reach us: nothing stands between, or there is a way around."""
        return not self._pooled or self._listen_dsn is not None

    @property
    def records(self) -> PostgresRecords:
        """What outcomes told of agents."""
        return self.views.records

    @property
    def ledger(self) -> PostgresLedger:
        """What a projector writes the views through."""
        return self.views.ledger

    async def open(self) -> None:
        """Connect; raises Unavailable, DatabaseTooOld or SchemaNotMigrated, and then nothing is open."""
        dsn = await self._scheduler.in_thread(self._locate)
        await self._scheduler.in_thread(check, dsn, self.schema)
        self.connections = Connections(dsn, self.schema, pooled=self._pooled)
        self.reader = Reader(self.connections, READERS)
        self._lanes = Reader(self.connections, LANES)
        listening = (
            Connections(self._listen_dsn, self.schema) if self._listen_dsn else self.connections
        )
        try:
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
        self.assignments = PostgresAssignments(self.reader, channel)
        recording = (self.reader, channel)
        self.leases = PostgresLeases(*recording)
        self.directory = PostgresDirectory(*recording)
        self.queues = PostgresQueues(*recording)
        self.breakers = PostgresBreakers(*recording)
        self.remote = PostgresRemoteAttempts(self.reader)
        self.views = PostgresViews(self.connections, self.reader, self.clock)
        self.bell = PostgresBell(listening, self._scheduler, channel)
        await self.bell.start()
        self._bell_started = True

    async def close(self) -> None:
        """Commit what is waiting and disconnect."""
        if self._bell_started:
            await self.bell.stop()
        if self._committer is not None:
            await self._committer.stop()
        if self._lanes is not None:
            with suppress(Exception):
                await self._lanes.close()
            with suppress(Exception):
                await self.reader.close()

    def beats(self, step: BeatStep) -> Callable[[], Awaitable[None]]:
        """Beat on a thread, a loop and a connection of their own; returns how to stop."""
        beating = Beating(self.connections, self.leases.channel, step)
        beating.start()
        return lambda: self._scheduler.in_thread(beating.stop)

    async def _channel(self) -> str:
        row = await self.reader.row("channel")
        assert row is not None, "a select without a table has one row"
        return str(row[0])
