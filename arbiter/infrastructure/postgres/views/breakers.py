"""What counts for breakers, on PostgreSQL: a row per breaker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from arbiter.domain.breaker import Breaker
from arbiter.infrastructure.postgres.arrays import booleans, texts
from arbiter.infrastructure.postgres.connections import Reader, Row
from arbiter.infrastructure.postgres.views.writer import Writer
from arbiter.projections.breakers import BreakersChange, Counted, counted, named_in

_read = msgspec.json.Decoder(Counted).decode


class PostgresBreakerCounts:
    """Takes what happened to agents and breakers."""

    def __init__(self, writer: Writer) -> None:
        """Write within one transaction."""
        self._writer = writer

    async def apply(self, change: BreakersChange) -> None:
        """Count on from the rows as they stand."""
        names = sorted(named_in(change))
        if not names:
            return
        rows = await self._writer.rows("select_breaker_counts_for", {"names": texts(names)})
        known = {name: _read(told) for name, told in rows}
        after = counted(known, change)
        gone = sorted(name for name, row in after.items() if row.is_new)
        if gone:
            await self._writer.run("delete_breaker_counts", {"names": texts(gone)})
        if len(gone) < len(after):
            await self._put(row for row in after.values() if not row.is_new)

    async def _put(self, rows: Iterable[Counted]) -> None:
        put = list(rows)
        await self._writer.run(
            "upsert_breaker_counts",
            {
                "name": texts([row.breaker.name for row in put]),
                "to_watch": booleans([row.is_to_watch for row in put]),
                "transport": texts([row.transport for row in put]),
                "counted": texts([msgspec.json.encode(row).decode() for row in put]),
            },
        )


class PostgresBreakerCountsReader:
    """What counts for each breaker."""

    def __init__(self, reader: Reader) -> None:
        """Read through the pool."""
        self._reader = reader

    async def to_watch(self) -> Sequence[Breaker]:
        """Return the breakers from which something may follow, by name."""
        return _breakers(await self._reader.rows("select_breaker_counts", {"to_watch": True}))

    async def all(self) -> Sequence[Breaker]:
        """Return every breaker of which anything is known, by name."""
        return _breakers(await self._reader.rows("select_breaker_counts", {"to_watch": False}))


def _breakers(rows: Sequence[Row]) -> list[Breaker]:
    return [_read(told).breaker for (told,) in rows]
