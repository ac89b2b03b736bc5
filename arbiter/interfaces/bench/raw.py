"""The raw probe: what the same bytes cost when nothing but PostgreSQL has a hand in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from time import perf_counter

from arbiter.bootstrap.core import new_id
from arbiter.infrastructure.postgres.arrays import blobs, integers, texts, uuids
from arbiter.interfaces.bench.ground import Plot
from arbiter.interfaces.bench.session import Session
from arbiter.interfaces.bench.workload import KIND, hosting, payload

BATCH = 500


@dataclass(frozen=True)
class RawFact:
    """One fact as it lies in the log."""

    version: int
    topic: str
    state: bytes


class RawProbe:
    """Inserts rows of a submission's facts into a table of the log's shape, 500 a commit."""

    def __init__(self, session: Session, facts: list[RawFact]) -> None:
        """The table is there; `facts` are those of one submission."""
        self._session, self._facts = session, facts
        self.rates: list[float] = []
        """Rows a second, one for each time it ran."""

    @classmethod
    async def on(cls, plot: Plot) -> RawProbe:
        """Take the bytes from a true submission, and make the table."""
        async with hosting(plot) as arbiter:
            submitted = await arbiter.submit(KIND, payload(0))
        rows = await plot.session.rows("select_states", {"task_id": submitted.task_id})
        await plot.session.run("create_raw_facts")
        return cls(plot.session, [RawFact(*row) for row in rows])

    async def run(self, rows: int) -> float:
        """Insert so many rows; return how many a second."""
        now = datetime.now(UTC)
        ids = [new_id(now) for _ in range(-(-rows // len(self._facts)))]
        versions = [fact.version for fact in self._facts]
        topics = [fact.topic for fact in self._facts]
        states = [fact.state for fact in self._facts]
        each = BATCH // len(self._facts)
        begun = perf_counter()
        for first in range(0, len(ids), each):
            batch = ids[first : first + each]
            await self._session.run(
                "insert_raw_facts",
                {
                    "ids": uuids([one for one in batch for _ in self._facts]),
                    "versions": integers(versions * len(batch)),
                    "topics": texts(topics * len(batch)),
                    "states": blobs(states * len(batch)),
                },
            )
        rate = len(ids) * len(self._facts) / (perf_counter() - begun)
        self.rates.append(rate)
        return rate

    @property
    def rate(self) -> float | None:
        """Rows a second, in the middle of all runs."""
        return median(self.rates) if self.rates else None


@dataclass(frozen=True)
class Rate:
    """How often something was done in a second, and what the raw probe did beside it."""

    per_s: float
    facts: int
    """Facts it appends each time."""

    raw: float
    """Rows a second of the raw probe, just before and just after."""

    @property
    def share(self) -> float:
        """Facts a second, as a share of the raw probe's rows."""
        return self.per_s * self.facts / self.raw


def middle(rates: list[Rate]) -> Rate:
    """Return the rate in the middle of several rounds."""
    return sorted(rates, key=lambda rate: rate.per_s)[len(rates) // 2]
