"""Everything that can be read about all tasks, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arbiter.application.ports import Clock
from arbiter.application.views import ProjectionState
from arbiter.infrastructure.postgres.connections import Connections, Reader
from arbiter.infrastructure.postgres.views.agent_performance import PostgresPerformanceReader
from arbiter.infrastructure.postgres.views.agent_records import PostgresRecords
from arbiter.infrastructure.postgres.views.anomalies import PostgresAnomaliesReader
from arbiter.infrastructure.postgres.views.audit_trail import PostgresAuditReader
from arbiter.infrastructure.postgres.views.breakers import PostgresBreakerCountsReader
from arbiter.infrastructure.postgres.views.failure_patterns import PostgresFailureFinder
from arbiter.infrastructure.postgres.views.ledger import PostgresLedger
from arbiter.infrastructure.postgres.views.queue_depth import PostgresQueueDepths
from arbiter.infrastructure.postgres.views.searching import Searching
from arbiter.infrastructure.postgres.views.stats import PostgresStatsReader
from arbiter.infrastructure.postgres.views.task_board import PostgresTaskFinder
from arbiter.infrastructure.reading import states_of


class PostgresViews:
    """The readers, and the ledger that a projector writes through."""

    def __init__(self, connections: Connections, reader: Reader, clock: Clock) -> None:
        """The reader must be open before the first call."""
        self._reader = reader
        self.ledger = PostgresLedger(connections, reader)
        self.queue_depth = PostgresQueueDepths(reader, clock)
        self.task_board = PostgresTaskFinder(reader, Searching(reader))
        self.stats = PostgresStatsReader(reader, clock)
        self.audit_trail = PostgresAuditReader(reader)
        self.records = PostgresRecords(reader)
        self.breakers = PostgresBreakerCountsReader(reader)
        self.failures = PostgresFailureFinder(reader)
        self.agent_performance = PostgresPerformanceReader(reader)
        self.anomalies = PostgresAnomaliesReader(reader)

    async def lag(self) -> Mapping[str, int]:
        """Return how many positions each projection is behind the log."""
        return {state.name: state.behind for state in await self.projections()}

    async def projections(self) -> Sequence[ProjectionState]:
        """Return how far each projection has come, and what stopped it."""
        tracked = await self.ledger.tracked()
        row = await self._reader.row("last_position")
        return states_of(tracked, int(row[0]) if row else 0)
