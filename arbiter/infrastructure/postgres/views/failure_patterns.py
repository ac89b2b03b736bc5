"""Failure patterns on PostgreSQL: a row per fingerprint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from arbiter.application.views import ANY_FAILURE, FailureFilter, FailureTotals
from arbiter.domain.failures import Watch
from arbiter.infrastructure.postgres.arrays import integers, moments, texts
from arbiter.infrastructure.postgres.connections import Reader
from arbiter.infrastructure.postgres.views.writer import Writer
from arbiter.infrastructure.reading import LONG_AGO, limit_of, totals_of
from arbiter.projections.failure_patterns import FailurePatternsChange, watched

_read = msgspec.json.Decoder(Watch).decode


class PostgresFailurePatterns:
    """Takes failures, sorted by their fingerprints."""

    def __init__(self, writer: Writer) -> None:
        """Write within one transaction."""
        self._writer = writer

    async def apply(self, change: FailurePatternsChange) -> None:
        """Count on from the rows as they stand."""
        if not change.stories:
            return
        rows = await self._writer.rows(
            "select_watches", {"fingerprints": texts(list(change.stories))}
        )
        known = {watch.pattern.fingerprint: watch for watch in (_read(told) for (told,) in rows)}
        await self._put(watched(known, change))

    async def _put(self, watches: Iterable[Watch]) -> None:
        put = list(watches)
        await self._writer.run(
            "upsert_watches",
            {
                "fingerprint": texts([watch.pattern.fingerprint for watch in put]),
                "agent": texts([watch.pattern.agent for watch in put]),
                "kind": texts([watch.pattern.kind for watch in put]),
                "type": texts([watch.pattern.type for watch in put]),
                "seen": integers([watch.seen for watch in put]),
                "last_seen": moments([watch.last or watch.alerted_at for watch in put]),
                "alerted_at": moments([watch.alerted_at for watch in put]),
                "watch": texts([msgspec.json.encode(watch).decode() for watch in put]),
            },
        )


class PostgresFailureFinder:
    """Which errors keep coming back."""

    def __init__(self, reader: Reader) -> None:
        """Read through the pool."""
        self._reader = reader

    async def find(
        self, wanted: FailureFilter = ANY_FAILURE, *, limit: int = 50
    ) -> Sequence[Watch]:
        """Return patterns, the latest seen first."""
        rows = await self._reader.rows(
            "find_watches",
            {
                "agent": wanted.agent,
                "kind": wanted.kind,
                "type": wanted.type,
                "since": wanted.since or LONG_AGO,
                "least": wanted.least,
                "alerted_before": wanted.alerted_before,
                "how_many": limit_of(limit),
            },
        )
        return [_read(told) for (told,) in rows]

    async def get(self, fingerprint: str) -> Watch | None:
        """Return one pattern."""
        row = await self._reader.row("select_watches", {"fingerprints": texts([fingerprint])})
        return _read(row[0]) if row else None

    async def totals(self) -> FailureTotals:
        """Return how many failures were ever seen, and of whom."""
        return totals_of(await self._reader.rows("count_failures"))
