"""The ready rows in memory, with the same orders that PostgreSQL keeps as indexes."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from uuid import UUID

from msgspec.structs import replace

from arbiter.application.ready_row import ReadyRow
from arbiter.domain.status import Status
from arbiter.infrastructure.memory.ordered import Ordered

Offer = tuple[int, datetime, UUID]
"""The order of claiming: highest priority, then longest wait, then id."""

Moment = tuple[datetime, UUID]
Line = dict[tuple[str, ...], Ordered[Offer]]
"""The offers of one kind in one queue, by what they need."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)


class ReadyRows:
    """One row per live task; every change goes through put and drop, which keep the orders."""

    def __init__(self) -> None:
        self._rows: dict[UUID, ReadyRow] = {}
        self._lines: dict[tuple[str, str], Line] = {}
        self.waiting: Ordered[Moment] = Ordered()
        """Queued tasks that are not offered yet, by the moment they will be."""

        self.limits: Ordered[Moment] = Ordered()
        """Tasks in no worker's hands, by their earliest time limit."""

        self.hands: defaultdict[UUID, set[UUID]] = defaultdict(set)
        """What each incarnation has claimed, or runs."""

        self.stopping: defaultdict[UUID, set[UUID]] = defaultdict(set)
        """What each incarnation has not let go of yet."""

        self.in_flight: Counter[str] = Counter()
        """How many tasks of each queue are in somebody's hands: a worker's, or an agent's outside."""

        self.set_aside: dict[UUID, str] = {}
        """Why a postponed task waits; every decision about it forgets that."""

    def get(self, task_id: UUID) -> ReadyRow | None:
        """Return a task's row."""
        return self._rows.get(task_id)

    def __iter__(self) -> Iterator[ReadyRow]:
        return iter(self._rows.values())

    def of(self, task_ids: Iterable[UUID]) -> list[ReadyRow]:
        """Return the rows that stand, in the order of their ids."""
        return [self._rows[task_id] for task_id in sorted(task_ids) if task_id in self._rows]

    def decided(self, row: ReadyRow) -> None:
        """Write the row a decision led to; a handler that still stops keeps the task back."""
        self.set_aside.pop(row.task_id, None)
        before = self._rows.get(row.task_id)
        if before is not None and row.stopping_by is None and before.stopping_by is not None:
            row = replace(
                row,
                due=False,
                stopping_by=before.stopping_by,
                stopping_until=before.stopping_until,
            )
        # Names are kept once, however many tasks carry them.
        self.put(
            replace(
                row,
                kind=sys.intern(row.kind),
                queue=sys.intern(row.queue),
                tenant=sys.intern(row.tenant),
            )
        )

    def ended(self, task_id: UUID) -> None:
        """Forget a task that wants nothing any more."""
        self.set_aside.pop(task_id, None)
        self.drop(task_id)

    def put(self, row: ReadyRow) -> None:
        """Write a row in place of the one before."""
        self.drop(row.task_id)
        self._rows[row.task_id] = row
        if row.due_at is not None and row.claimed_by is None:
            self.limits.add((row.due_at, row.task_id))
        if row.stopping_by is not None:
            self.stopping[row.stopping_by].add(row.task_id)
        if row.claimed_by is not None:
            self.hands[row.claimed_by].add(row.task_id)
            self.in_flight[row.queue] += 1
        elif row.status == Status.RUNNING:
            self.in_flight[row.queue] += 1
        elif row.status == Status.QUEUED:
            if row.due:
                self._line(row).add(offer_of(row))
            else:
                self.waiting.add((moment_of(row), row.task_id))

    def drop(self, task_id: UUID) -> None:
        """Remove a task's row, if there is one."""
        row = self._rows.pop(task_id, None)
        if row is None:
            return
        if row.due_at is not None and row.claimed_by is None:
            self.limits.remove((row.due_at, row.task_id))
        if row.stopping_by is not None:
            _let_go(self.stopping, row.stopping_by, row.task_id)
        if row.claimed_by is not None:
            _let_go(self.hands, row.claimed_by, row.task_id)
            self.in_flight[row.queue] -= 1
        elif row.status == Status.RUNNING:
            self.in_flight[row.queue] -= 1
        elif row.status == Status.QUEUED:
            if row.due:
                self._leave_line(row)
            else:
                self.waiting.remove((moment_of(row), row.task_id))

    def best(self, queue: str, kind: str, abilities: Iterable[str], limit: int) -> list[Offer]:
        """Return the first offers that these abilities are enough for, without looking further."""
        able = frozenset(abilities)
        line = self._lines.get((queue, kind), {})
        fitting = [offers for needs, offers in line.items() if able.issuperset(needs)]
        return list(islice(merge(*fitting), limit))

    def fronts(self, limit: int) -> Iterator[tuple[str, str, list[ReadyRow]]]:
        """Tell every queue and kind that is on offer, with its first offers."""
        for (queue, kind), line in self._lines.items():
            first = islice(merge(*line.values()), limit)
            yield queue, kind, [self._rows[task_id] for _, _, task_id in first]

    def _line(self, row: ReadyRow) -> Ordered[Offer]:
        line = self._lines.setdefault((row.queue, row.kind), {})
        return line.setdefault(row.needs, Ordered())

    def _leave_line(self, row: ReadyRow) -> None:
        line = self._lines[row.queue, row.kind]
        line[row.needs].remove(offer_of(row))
        if not line[row.needs]:
            del line[row.needs]
        if not line:
            del self._lines[row.queue, row.kind]


def offer_of(row: ReadyRow) -> Offer:
    """Tell a row's place in the order of claiming."""
    return (-row.priority, row.submitted_at, row.task_id)


def moment_of(row: ReadyRow) -> datetime:
    """Tell when a queued row is to be offered: after its not_before, and after its stop grace."""
    return max(row.not_before or LONG_AGO, row.stopping_until or LONG_AGO)


def _let_go(held: dict[UUID, set[UUID]], by: UUID, task_id: UUID) -> None:
    held[by].discard(task_id)
    if not held[by]:
        del held[by]
