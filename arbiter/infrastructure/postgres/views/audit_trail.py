"""The audit trail on PostgreSQL: a small row per fact, told from the fact when it is read."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from arbiter.application.views import AuditLine
from arbiter.domain.facts import decode
from arbiter.infrastructure.postgres.arrays import integers, moments, texts, uuids
from arbiter.infrastructure.postgres.connections import Reader, Row
from arbiter.infrastructure.postgres.views.writer import Writer
from arbiter.infrastructure.reading import audit_line, limit_of
from arbiter.projections.audit_trail import AuditEntry, AuditTrailChange


class PostgresAuditTrail:
    """Takes entries."""

    def __init__(self, writer: Writer) -> None:
        """Write within one transaction."""
        self._writer = writer

    async def apply(self, change: AuditTrailChange) -> None:
        """Enter each fact."""
        entries = change.entries
        await self._writer.run(
            "insert_audit_entries",
            {
                "position": integers([entry.position for entry in entries]),
                "at": moments([entry.at for entry in entries]),
                "topic": texts([entry.topic for entry in entries]),
                "stream_id": uuids([entry.stream_id for entry in entries]),
                "actor": texts([entry.actor for entry in entries]),
            },
        )


class PostgresAuditReader:
    """The log as sentences."""

    def __init__(self, reader: Reader) -> None:
        """Read through the pool."""
        self._reader = reader

    async def read(
        self,
        *,
        after: int = 0,
        limit: int = 100,
        task_id: UUID | None = None,
        actor: str | None = None,
    ) -> Sequence[AuditLine]:
        """Return the next lines behind a position, in the order of the log."""
        behind = {"after": after, "how_many": limit_of(limit)}
        if task_id is not None:
            rows = await self._reader.rows(
                "read_audit_trail_of_stream", {**behind, "stream_id": task_id, "actor": actor}
            )
        elif actor is not None:
            rows = await self._reader.rows("read_audit_trail_of_actor", {**behind, "actor": actor})
        else:
            rows = await self._reader.rows("read_audit_trail", behind)
        return [_line(row) for row in rows]


def _line(row: Row) -> AuditLine:
    *entry, state = row
    entered = AuditEntry(*entry)
    return audit_line(entered, decode(entered.topic, state))
