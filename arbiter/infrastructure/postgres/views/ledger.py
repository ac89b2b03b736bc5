"""The ledger on PostgreSQL: a batch's rows and its position in one transaction, under one leader."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from arbiter.infrastructure.postgres.arrays import texts
from arbiter.infrastructure.postgres.connections import Connections, Reader, Row
from arbiter.infrastructure.postgres.views.agent_performance import PostgresAgentPerformance
from arbiter.infrastructure.postgres.views.agent_records import PostgresAgentRecords
from arbiter.infrastructure.postgres.views.anomalies import PostgresAnomalies
from arbiter.infrastructure.postgres.views.audit_trail import PostgresAuditTrail
from arbiter.infrastructure.postgres.views.breakers import PostgresBreakerCounts
from arbiter.infrastructure.postgres.views.failure_patterns import PostgresFailurePatterns
from arbiter.infrastructure.postgres.views.queue_depth import PostgresQueueDepth
from arbiter.infrastructure.postgres.views.stats import PostgresStats
from arbiter.infrastructure.postgres.views.task_board import PostgresTaskBoard
from arbiter.infrastructure.postgres.views.writer import Writer, blaming_nobody
from arbiter.projections.agent_performance import AgentPerformance
from arbiter.projections.agent_records import AgentRecords
from arbiter.projections.anomalies import Anomalies
from arbiter.projections.audit_trail import AuditTrail
from arbiter.projections.base import View
from arbiter.projections.breakers import Breakers
from arbiter.projections.failure_patterns import FailurePatterns
from arbiter.projections.ledger import BehindItself, Tracked
from arbiter.projections.queue_depth import QueueDepth
from arbiter.projections.stats import Stats
from arbiter.projections.task_board import TaskBoard
from arbiter.projections.task_line import TaskLine

VIEWS: Mapping[str, Callable[[Writer], View[Any]]] = {
    QueueDepth.name: PostgresQueueDepth,
    TaskBoard.name: PostgresTaskBoard,
    Stats.name: PostgresStats,
    AuditTrail.name: PostgresAuditTrail,
    AgentRecords.name: PostgresAgentRecords,
    Breakers.name: PostgresBreakerCounts,
    FailurePatterns.name: PostgresFailurePatterns,
    AgentPerformance.name: PostgresAgentPerformance,
    Anomalies.name: PostgresAnomalies,
}


class PostgresLedger:
    """Lends a transaction over the views to one leader at a time."""

    def __init__(self, connections: Connections, reader: Reader) -> None:
        """The reader must be open before the first call."""
        self._connections, self._reader = connections, reader
        self._entered: set[str] = set()

    @asynccontextmanager
    async def lead(self, names: Sequence[str]) -> AsyncIterator[_Writing]:
        """Begin to write those of the named projections that nobody else is writing."""
        with blaming_nobody():
            if not self._entered.issuperset(names):
                await self._reader.run("insert_projections", {"names": texts(names)})
                self._entered.update(names)
            async with self._reader.connection() as connection, connection.transaction():
                writer = Writer(connection, self._connections)
                rows = await writer.rows("lead_projections", {"names": texts(names)})
                yield _Writing(writer, _tracked(rows))

    async def tracked(self) -> Mapping[str, Tracked]:
        """Return every projection that was ever led."""
        return _tracked(await self._reader.rows("select_projections"))

    async def retry(self, name: str) -> bool:
        """Let a stopped projection try again from where it stands; False if it was not stopped."""
        return await self._reader.run("retry_projection", {"name": name}) > 0


class _Writing:
    """One transaction over the views."""

    def __init__(self, writer: Writer, tracked: Mapping[str, Tracked]) -> None:
        self._writer, self.tracked = writer, tracked

    async def lines(self, task_ids: Collection[UUID]) -> Mapping[UUID, TaskLine]:
        """Return the task board's lines as they stand; tasks it does not know are left out."""
        return await PostgresTaskBoard(self._writer).lines(task_ids)

    async def write(self, changes: Mapping[str, Any], position: int) -> None:
        """Let views take their projections' changes, and record the position they reach with it."""
        for name in changes:
            if position <= self.tracked[name].position:
                raise BehindItself(name, position)
        async with self._writer.together():
            for name, change in changes.items():
                await VIEWS[name](self._writer).apply(change)
        # On its own: after a pipeline the server would not notice that we have frozen.
        moved = {"names": texts(list(changes)), "position": position}
        await self._writer.run("move_projections", moved)

    async def stop(self, name: str, position: int, error: str, at: datetime) -> None:
        """Record at which fact a projection cannot go on, and why."""
        await self._writer.run(
            "stop_projection", {"name": name, "position": position, "error": error, "at": at}
        )


def _tracked(rows: Sequence[Row]) -> dict[str, Tracked]:
    return {row[0]: Tracked(*row) for row in rows}
