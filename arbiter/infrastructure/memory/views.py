"""Everything that can be read about all tasks, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from arbiter.application.ports import Clock, Learnt, Log
from arbiter.application.views import (
    ANY_FAILURE,
    ANY_TASK,
    AuditLine,
    FailureFilter,
    FailureTotals,
    ProjectionState,
    QueueDepth,
    Stats,
    TaskFilter,
    TaskPage,
    TaskSummary,
)
from arbiter.domain.breaker import Breaker
from arbiter.domain.failures import Watch
from arbiter.domain.status import Status
from arbiter.infrastructure.memory.bell import MemoryBell
from arbiter.infrastructure.memory.performance import (
    MemoryAnomaliesReader,
    MemoryPerformanceReader,
)
from arbiter.infrastructure.memory.view_rows import MemoryLedger, Rows
from arbiter.infrastructure.reading import (
    LONG_AGO,
    Cursor,
    audit_line,
    cursor_of,
    depths_of,
    last_of,
    limit_of,
    no_depth,
    page_of,
    states_of,
    stats_of,
    statuses_of,
    summary_of,
    totals_of,
    window_begins,
)
from arbiter.projections.agent_records import AgentRecords
from arbiter.projections.stats import COUNTS, Minute
from arbiter.projections.task_line import TaskLine

UNDER_WAY = {Status.ASSIGNED.value, Status.RUNNING.value}


class MemoryQueueDepths:
    """How many tasks the queues hold."""

    def __init__(self, rows: Rows, clock: Clock) -> None:
        """The clock tells which tasks are delayed still."""
        self._rows, self._clock = rows, clock

    async def of(self, queue: str) -> QueueDepth:
        """Return one queue's depth; an unknown queue is empty."""
        return self._read().get(queue, no_depth(queue))

    async def all(self) -> Sequence[QueueDepth]:
        """Return the depth of every queue that holds a task, by name."""
        return list(self._read().values())

    def _read(self) -> dict[str, QueueDepth]:
        return depths_of(self._rows.places.items(), self._clock.now())


class MemoryTaskFinder:
    """Every task in one line."""

    def __init__(self, rows: Rows) -> None:
        """Look through all lines each time."""
        self._rows = rows

    async def find(
        self, wanted: TaskFilter = ANY_TASK, *, after: str | None = None, limit: int = 50
    ) -> TaskPage:
        """Return tasks, newest first; `after` is a page's `next`."""
        behind, statuses = cursor_of(after), set(statuses_of(wanted))
        found = [
            line
            for line in self._rows.lines.values()
            if line.status in statuses and _place(line) < behind and _meets(line, wanted)
        ]
        found.sort(key=_place, reverse=True)
        return page_of(found[: limit_of(limit) + 1], limit)

    async def get(self, task_id: UUID) -> TaskSummary | None:
        """Return one task's line."""
        line = self._rows.lines.get(task_id)
        return summary_of(line) if line is not None else None

    async def under_way(self) -> Mapping[str, int]:
        """Return how many assigned and running tasks each agent has; who has none is left out."""
        return Counter(
            line.agent
            for line in self._rows.lines.values()
            if line.agent is not None and line.status in UNDER_WAY
        )


def _place(line: TaskLine) -> Cursor:
    return Cursor(line.submitted_at, line.task_id)


def _meets(line: TaskLine, wanted: TaskFilter) -> bool:
    before = wanted.submitted_before
    return (
        wanted.kind in {None, line.kind}
        and wanted.queue in {None, line.queue}
        and wanted.agent in {None, line.agent}
        and wanted.tenant in {None, line.tenant}
        and wanted.error in {None, line.error_type}
        and wanted.lost in {None, line.losses > 0}
        and (before is None or line.submitted_at < before)
        and line.submitted_at >= (wanted.submitted_from or LONG_AGO)
        and (not wanted.text or wanted.text.lower() in _words(line))
    )


def _words(line: TaskLine) -> str:
    words = (line.kind, line.agent, line.error_type, line.error_message, line.reason)
    return " ".join([*(word for word in words if word is not None), str(line.task_id)]).lower()


class MemoryStatsReader:
    """What happened lately."""

    def __init__(self, rows: Rows, clock: Clock) -> None:
        """The clock tells where a window ends when nobody says."""
        self._rows, self._clock = rows, clock

    async def read(self, *, window_minutes: int | None = 60, now: datetime | None = None) -> Stats:
        """Return the sums of a window that ends now, or at a moment that is named."""
        until = now or self._clock.now()
        begins = window_begins(window_minutes, until)
        within = {at: sums for at, sums in self._rows.minutes.items() if begins <= at <= until}
        spans: dict[str, dict[int, int]] = {}
        for (minute, measure, bucket), count in self._rows.spans.items():
            if begins <= minute <= until:
                counted = spans.setdefault(measure, {})
                counted[bucket] = counted.get(bucket, 0) + count
        statuses: dict[str, int] = {}
        for place, tasks in self._rows.places.items():
            statuses[place.status] = statuses.get(place.status, 0) + tasks
        return stats_of(
            Minute(*(sum(getattr(sums, name) for sums in within.values()) for name in COUNTS)),
            min(within, default=None),
            spans,
            statuses=statuses,
            window_minutes=window_minutes,
            now=until,
        )


class MemoryAuditReader:
    """The log as sentences."""

    def __init__(self, rows: Rows, log: Log) -> None:
        """The log has the facts that the sentences are told from."""
        self._rows, self._log = rows, log

    async def read(
        self,
        *,
        after: int = 0,
        limit: int = 100,
        task_id: UUID | None = None,
        actor: str | None = None,
    ) -> Sequence[AuditLine]:
        """Return the next lines behind a position, in the order of the log."""
        entries = [
            entry
            for entry in self._rows.entries_behind(after)
            if task_id in {None, entry.stream_id} and actor in {None, entry.actor}
        ]
        lines = []
        for entry in entries[: limit_of(limit)]:
            (recorded,) = await self._log.read(entry.position - 1, 1)
            lines.append(audit_line(entry, recorded.fact))
        return lines


class MemoryRecords:
    """What outcomes told of agents."""

    def __init__(self, rows: Rows) -> None:
        """Look through all records each time."""
        self._rows = rows

    async def of(self, agents: Collection[str], *, after: int = 0) -> Learnt:
        """Return these agents' records; behind a position, only what is new since it was read."""
        tracked = self._rows.tracked.get(AgentRecords.name)
        return Learnt(
            position=tracked.position if tracked is not None else 0,
            records={
                whose: record
                for whose, record in self._rows.records.items()
                if whose.agent in agents and record.position > after
            },
            decisions=dict(self._rows.decisions),
        )


class MemoryBreakerCounts:
    """What counts for each breaker."""

    def __init__(self, rows: Rows) -> None:
        """Look through all rows each time."""
        self._rows = rows

    async def to_watch(self) -> Sequence[Breaker]:
        """Return the breakers from which something may follow, by name."""
        return [row.breaker for _, row in sorted(self._rows.breakers.items()) if row.is_to_watch]

    async def all(self) -> Sequence[Breaker]:
        """Return every breaker of which anything is known, by name."""
        return [row.breaker for _, row in sorted(self._rows.breakers.items())]


class MemoryFailureFinder:
    """Which errors keep coming back."""

    def __init__(self, rows: Rows) -> None:
        """Look through all patterns each time."""
        self._rows = rows

    async def find(
        self, wanted: FailureFilter = ANY_FAILURE, *, limit: int = 50
    ) -> Sequence[Watch]:
        """Return patterns, the latest seen first."""
        found = [watch for watch in self._rows.failures.values() if wanted.holds(watch)]
        found.sort(key=lambda watch: watch.pattern.fingerprint)
        found.sort(key=last_of, reverse=True)
        return found[: limit_of(limit)]

    async def get(self, fingerprint: str) -> Watch | None:
        """Return one pattern."""
        return self._rows.failures.get(fingerprint)

    async def totals(self) -> FailureTotals:
        """Return how many failures were ever seen, and of whom."""
        rows: Counter[tuple[str | None, str | None, str | None]] = Counter()
        for watch in self._rows.failures.values():
            of = watch.pattern
            for place in ((of.agent, None, None), (None, of.kind, None), (None, None, of.type)):
                rows[place] += watch.seen
        return totals_of([(*place, seen) for place, seen in rows.items()])


class MemoryViews:
    """The readers, and the ledger that a projector writes through."""

    def __init__(self, log: Log, clock: Clock, bell: MemoryBell | None = None) -> None:
        """Begin with empty views of that log; the bell tells who answers what was counted."""
        rows = Rows()
        self._log = log
        self.ledger = MemoryLedger(rows, bell.ring if bell is not None else None)
        self.queue_depth = MemoryQueueDepths(rows, clock)
        self.task_board = MemoryTaskFinder(rows)
        self.stats = MemoryStatsReader(rows, clock)
        self.audit_trail = MemoryAuditReader(rows, log)
        self.records = MemoryRecords(rows)
        self.breakers = MemoryBreakerCounts(rows)
        self.failures = MemoryFailureFinder(rows)
        self.agent_performance = MemoryPerformanceReader(rows)
        self.anomalies = MemoryAnomaliesReader(rows)

    async def lag(self) -> Mapping[str, int]:
        """Return how many positions each projection is behind the log."""
        return {state.name: state.behind for state in await self.projections()}

    async def projections(self) -> Sequence[ProjectionState]:
        """Return how far each projection has come, and what stopped it."""
        return states_of(await self.ledger.tracked(), await self._log.last_position())
