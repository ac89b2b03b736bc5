"""Anomalies on PostgreSQL: a row for each agent, kind and type."""

from __future__ import annotations

from collections.abc import Sequence

from arbiter.domain.anomalies import Anomaly
from arbiter.infrastructure.postgres.arrays import booleans, floats, integers, moments, texts, uuids
from arbiter.infrastructure.postgres.connections import Reader
from arbiter.infrastructure.postgres.views.writer import Writer
from arbiter.projections.anomalies import AnomaliesChange


class PostgresAnomalies:
    """Takes the facts about anomalies."""

    def __init__(self, writer: Writer) -> None:
        """Write within one transaction."""
        self._writer = writer

    async def apply(self, change: AnomaliesChange) -> None:
        """Put down how each anomaly of the change stands then."""
        if not change.facts:
            return
        ids = uuids(list(change.facts))
        rows = await self._writer.rows("select_anomalies_of", {"ids": ids})
        told = list(change.after({row[0]: _anomaly(row) for row in rows}).values())
        await self._writer.run(
            "upsert_anomalies",
            {
                "anomaly_id": uuids([each.id for each in told]),
                "agent": texts([each.agent for each in told]),
                "kind": texts([each.kind for each in told]),
                "type": texts([each.type for each in told]),
                "version": integers([each.version for each in told]),
                "stands": booleans([each.stands for each in told]),
                "severity": texts([each.severity for each in told]),
                "value": floats([each.value for each in told]),
                "usual": floats([each.usual for each in told]),
                "raised_at": moments([each.raised_at for each in told]),
                "resolved_at": moments([each.resolved_at for each in told]),
                "reason": texts([each.reason for each in told]),
            },
        )


class PostgresAnomaliesReader:
    """What is not as usual, and what was not."""

    def __init__(self, reader: Reader) -> None:
        """Read through the pool."""
        self._reader = reader

    async def all(
        self, *, agent: str | None = None, kind: str | None = None, standing: bool = False
    ) -> Sequence[Anomaly]:
        """Return anomalies, by agent, kind and type; those that stand, or also those that did."""
        rows = await self._reader.rows(
            "read_anomalies", {"agent": agent, "kind": kind, "standing": standing}
        )
        return [_anomaly(row) for row in rows]


def _anomaly(row: Sequence[object]) -> Anomaly:
    return Anomaly(**dict(zip(Anomaly.__struct_fields__, row, strict=True)))  # type: ignore[arg-type]
