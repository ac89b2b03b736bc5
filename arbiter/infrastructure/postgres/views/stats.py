"""Statistics on PostgreSQL: a row per minute, and one per minute, measure and bucket."""

from __future__ import annotations

from datetime import datetime

from arbiter.application.ports import Clock
from arbiter.application.views import Stats
from arbiter.infrastructure.postgres.arrays import integers, moments, texts
from arbiter.infrastructure.postgres.connections import Reader
from arbiter.infrastructure.postgres.views.writer import Writer
from arbiter.infrastructure.reading import stats_of, window_begins
from arbiter.projections.stats import COUNTS, Minute, StatsChange


class PostgresStats:
    """Takes what to add to each minute."""

    def __init__(self, writer: Writer) -> None:
        """Write within one transaction."""
        self._writer = writer

    async def apply(self, change: StatsChange) -> None:
        """Add to the minutes and their buckets."""
        minutes = list(change.minutes.values())
        counts = {name: integers([getattr(minute, name) for minute in minutes]) for name in COUNTS}
        await self._writer.run(
            "add_to_minutes", {"minute": moments(list(change.minutes)), **counts}
        )
        if change.spans:
            keys = list(change.spans)
            await self._writer.run(
                "add_to_spans",
                {
                    "minute": moments([minute for minute, _, _ in keys]),
                    "measure": texts([measure.value for _, measure, _ in keys]),
                    "bucket": integers([bucket for _, _, bucket in keys]),
                    "spans": integers(list(change.spans.values())),
                },
            )


class PostgresStatsReader:
    """What happened lately."""

    def __init__(self, reader: Reader, clock: Clock) -> None:
        """The clock tells where a window ends when nobody says."""
        self._reader, self._clock = reader, clock

    async def read(self, *, window_minutes: int | None = 60, now: datetime | None = None) -> Stats:
        """Return the sums of a window that ends now, or at a moment that is named."""
        until = now or self._clock.now()
        window = {"begins": window_begins(window_minutes, until), "ends": until}
        (sums,) = await self._reader.rows("select_minutes", window)
        spans: dict[str, dict[int, int]] = {}
        for measure, bucket, count in await self._reader.rows("select_spans", window):
            spans.setdefault(measure, {})[bucket] = count
        return stats_of(
            Minute(*sums[1:]),
            sums[0],
            spans,
            statuses=dict(await self._reader.rows("select_statuses")),
            window_minutes=window_minutes,
            now=until,
        )
