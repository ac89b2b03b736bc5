"""The views in memory: the same rows, and the same all-or-nothing, as on PostgreSQL."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from arbiter.domain.anomalies import Anomaly
from arbiter.domain.failures import Watch
from arbiter.domain.record import NO_RECORD, Record
from arbiter.projections.agent_performance import (
    AgentPerformance,
    AgentPerformanceChange,
)
from arbiter.projections.agent_performance import (
    Place as Step,
)
from arbiter.projections.agent_records import (
    AgentRecords,
    AgentRecordsChange,
    Whose,
    learnt,
)
from arbiter.projections.anomalies import Anomalies, AnomaliesChange
from arbiter.projections.audit_trail import AuditEntry, AuditTrail, AuditTrailChange
from arbiter.projections.breakers import Breakers, BreakersChange, Counted, counted
from arbiter.projections.failure_patterns import FailurePatterns, FailurePatternsChange, watched
from arbiter.projections.ledger import BehindItself, Tracked
from arbiter.projections.outcomes import Sums
from arbiter.projections.queue_depth import Place, QueueDepth, QueueDepthChange
from arbiter.projections.stats import COUNTS, Measure, Minute, Stats, StatsChange
from arbiter.projections.task_board import TaskBoard, TaskBoardChange
from arbiter.projections.task_line import TaskLine


@dataclass
class Rows:
    """What the tables hold."""

    tracked: dict[str, Tracked] = field(default_factory=dict)
    places: dict[Place, int] = field(default_factory=dict)
    lines: dict[UUID, TaskLine] = field(default_factory=dict)
    minutes: dict[datetime, Minute] = field(default_factory=dict)
    spans: dict[tuple[datetime, Measure, int], int] = field(default_factory=dict)
    entries: list[AuditEntry] = field(default_factory=list)
    records: dict[Whose, Record] = field(default_factory=dict)
    decisions: dict[str, int] = field(default_factory=dict)
    breakers: dict[str, Counted] = field(default_factory=dict)
    failures: dict[str, Watch] = field(default_factory=dict)
    rung: set[str] = field(default_factory=set)
    """The words to ring when the change counts."""
    sums: dict[Step, Sums] = field(default_factory=dict)
    buckets: dict[Step, dict[int, int]] = field(default_factory=dict)
    anomalies: dict[UUID, Anomaly] = field(default_factory=dict)

    def entries_behind(self, position: int) -> Sequence[AuditEntry]:
        """Return the entries behind a position, in order."""
        return self.entries[bisect_right(self.entries, position, key=_position) :]


def _position(entry: AuditEntry) -> int:
    return entry.position


def _queue_depth(rows: Rows, change: QueueDepthChange) -> None:
    for place, more in change.tasks.items():
        tasks = rows.places.pop(place, 0) + more
        if tasks:
            rows.places[place] = tasks


def _task_board(rows: Rows, change: TaskBoardChange) -> None:
    rows.lines.update((line.task_id, line) for line in change.lines)


def _stats(rows: Rows, change: StatsChange) -> None:
    for begins, more in change.minutes.items():
        here = rows.minutes.get(begins, Minute())
        rows.minutes[begins] = Minute(*(getattr(here, n) + getattr(more, n) for n in COUNTS))
    for key, spans in change.spans.items():
        rows.spans[key] = rows.spans.get(key, 0) + spans


def _audit_trail(rows: Rows, change: AuditTrailChange) -> None:
    rows.entries.extend(change.entries)


def _agent_records(rows: Rows, change: AgentRecordsChange) -> None:
    for whose, lessons in change.lessons.items():
        rows.records[whose] = learnt(rows.records.get(whose, NO_RECORD), lessons)
    for kind, more in change.decisions.items():
        rows.decisions[kind] = rows.decisions.get(kind, 0) + more


def _breakers(rows: Rows, change: BreakersChange) -> None:
    after = counted(rows.breakers, change)
    for name, row in after.items():
        rows.breakers[name] = row
        if row.is_new:
            del rows.breakers[name]
    if any(row.is_to_watch for row in after.values()):
        rows.rung.add("counts")


def _failure_patterns(rows: Rows, change: FailurePatternsChange) -> None:
    for watch in watched(rows.failures, change):
        rows.failures[watch.pattern.fingerprint] = watch
        rows.rung.add("counts")


def _agent_performance(rows: Rows, change: AgentPerformanceChange) -> None:
    for step, more in change.sums.items():
        rows.sums.setdefault(step, Sums()).add(more)
    for (step, bucket), spans in change.spans.items():
        here = rows.buckets.setdefault(step, {})
        here[bucket] = here.get(bucket, 0) + spans


def _anomalies(rows: Rows, change: AnomaliesChange) -> None:
    rows.anomalies.update(change.after(rows.anomalies))


APPLY: Mapping[str, Callable[[Rows, Any], None]] = {
    QueueDepth.name: _queue_depth,
    TaskBoard.name: _task_board,
    Stats.name: _stats,
    AuditTrail.name: _audit_trail,
    AgentRecords.name: _agent_records,
    Breakers.name: _breakers,
    FailurePatterns.name: _failure_patterns,
    AgentPerformance.name: _agent_performance,
    Anomalies.name: _anomalies,
}


class MemoryLedger:
    """Lends the rows to one leader per projection at a time; its writes count when it is done."""

    def __init__(self, rows: Rows, ring: Callable[[Iterable[str]], object] | None = None) -> None:
        """Nobody leads yet. `ring` tells what has been counted."""
        self._rows, self._ring = rows, ring
        self._led: set[str] = set()

    @asynccontextmanager
    async def lead(self, names: Sequence[str]) -> AsyncIterator[_Writing]:
        """Begin to write those of the named projections that nobody else is writing."""
        free = set(names) - self._led
        self._led |= free
        tracked = {name: self._rows.tracked.get(name, Tracked(name)) for name in sorted(free)}
        writing = _Writing(self._rows, tracked)
        try:
            yield writing
            writing.commit()
            if self._rows.rung and self._ring is not None:
                self._ring(sorted(self._rows.rung))
            self._rows.rung.clear()
        finally:
            self._led -= free

    async def tracked(self) -> Mapping[str, Tracked]:
        """Return every projection that was ever led."""
        return dict(self._rows.tracked)

    async def retry(self, name: str) -> bool:
        """Let a stopped projection try again from where it stands; False if it was not stopped."""
        stopped = self._rows.tracked.get(name)
        if stopped is None or stopped.error is None:
            return False
        self._rows.tracked[name] = Tracked(name, stopped.position)
        return True


class _Writing:
    """What a leader has written and not yet committed."""

    def __init__(self, rows: Rows, tracked: Mapping[str, Tracked]) -> None:
        self._rows, self.tracked = rows, tracked
        self._changes: list[tuple[str, Any]] = []
        self._tracked = dict(tracked)

    async def lines(self, task_ids: Collection[UUID]) -> Mapping[UUID, TaskLine]:
        """Return the task board's lines as they stand; tasks it does not know are left out."""
        known = self._rows.lines
        return {task_id: known[task_id] for task_id in task_ids if task_id in known}

    async def write(self, changes: Mapping[str, Any], position: int) -> None:
        """Let views take their projections' changes, and record the position they reach with it."""
        for name, change in changes.items():
            stands = self._tracked[name]
            if position <= stands.position:
                raise BehindItself(name, position)
            self._changes.append((name, change))
            self._tracked[name] = msgspec.structs.replace(stands, position=position)

    async def stop(self, name: str, position: int, error: str, at: datetime) -> None:
        """Record at which fact a projection cannot go on, and why."""
        del at  # the moment is for a person who looks into the table
        self._tracked[name] = msgspec.structs.replace(
            self._tracked[name], error=error, error_position=position
        )

    def commit(self) -> None:
        """Let all of it count."""
        for name, change in self._changes:
            APPLY[name](self._rows, change)
        self._rows.tracked.update(self._tracked)
