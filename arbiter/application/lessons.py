"""What was learnt of the agents, kept and read on from where it was read last."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from arbiter.application.ports import Records
from arbiter.domain.record import Record

Known = Mapping[tuple[str, str], Record]
"""What is known of agents, by agent and kind."""

NOBODY: Collection[str] = ()


class Lessons:
    """The records of all agents that were ever asked for, as of the latest reading."""

    def __init__(self, records: Records) -> None:
        """Know nothing yet."""
        self._records = records
        self._asked: frozenset[str] = frozenset()
        self._position = 0
        self._known: dict[tuple[str, str], Record] = {}
        self._rates: dict[str, dict[str, float]] = {}

    async def freshen(self) -> None:
        """Read what is new of the agents that were asked for before."""
        if self._asked and (await self._records.of(NOBODY)).position != self._position:
            await self._read(self._asked, after=self._position)

    async def of(self, names: frozenset[str]) -> Known:
        """Return what was known of these agents when it was freshened last, and perhaps of others."""
        if not names <= self._asked:
            await self._read(names | self._asked, after=0)
        return self._known

    async def rates(self, names: frozenset[str], kind: str) -> Mapping[str, float]:
        """Return the success rate at a kind of each agent that is known to have had an outcome."""
        await self.of(names)
        return self._rates.get(kind, {})

    async def _read(self, names: frozenset[str], *, after: int) -> None:
        news = await self._records.of(names, after=after)
        if news.position < after:  # a view that is built anew tells all of it again
            news, after = await self._records.of(names), 0
        known, rates = (self._known, self._rates) if after else ({}, {})
        known.update(news.records)
        for (name, kind), record in news.records.items():
            if record.attempts:
                rates.setdefault(kind, {})[name] = record.success_rate
        self._asked, self._position = names, news.position
        self._known, self._rates = known, rates
