"""The next facts, read while the last ones are being written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

import msgspec

from arbiter.application.ports import Log, Recorded, Scheduler
from arbiter.domain.errors import Unavailable


class Reading(msgspec.Struct, frozen=True):
    """Some of the next facts."""

    facts: Sequence[Recorded]
    more: bool
    """There may be more behind them."""


class ReadingAhead:
    """Reads from one place of the log at a time; what is not asked for is dropped."""

    def __init__(self, facts: Log, scheduler: Scheduler) -> None:
        """Nothing is read yet."""
        self._log, self._scheduler = facts, scheduler
        self._ahead: tuple[int, Awaitable[Reading]] | None = None

    def begin(self, after: int, most: int) -> None:
        """Start to read, for a `take` that comes later."""
        if self._ahead is None:
            reading = self._scheduler.start(self._read(after, most), name="read ahead")
            self._ahead = after, reading

    async def take(self, after: int, most: int) -> Reading:
        """Return facts behind a position, at most so many; none only if there are none."""
        if self._ahead is not None and self._ahead[0] == after:
            (_, awaited), self._ahead = self._ahead, None
            ahead = await awaited
            if ahead.facts:
                return Reading(ahead.facts[:most], ahead.more or len(ahead.facts) > most)
        await self.drop()
        return await self._read(after, most)

    async def drop(self) -> None:
        """Forget what was read."""
        if self._ahead is not None:
            (_, awaited), self._ahead = self._ahead, None
            await asyncio.gather(awaited, return_exceptions=True)

    async def _read(self, after: int, most: int) -> Reading:
        """Read up to the fact that this version cannot read; raise when that comes first.

        A newer version writes new topics, and will lead the projections when we do not.
        """
        asked = most
        while True:
            try:
                facts = await self._log.read(after, asked)
            except Unavailable:
                raise
            except Exception:
                if asked == 1:
                    raise
                asked //= 2
            else:
                return Reading(facts, more=len(facts) >= asked)
