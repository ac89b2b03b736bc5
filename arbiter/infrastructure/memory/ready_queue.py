"""The ready queue's in-memory twin: the same promises as turn.sql and its neighbours."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from heapq import nsmallest
from itertools import islice
from typing import cast
from uuid import UUID

from msgspec.structs import replace

from arbiter.application.ports import Claimed, Entry, Swept, Turn, Turned, Unroutable
from arbiter.application.ready_row import ReadyRow, ready_row
from arbiter.domain.facts import TaskSubmitted
from arbiter.domain.status import Status
from arbiter.infrastructure.memory.claiming import Hosted, best_offers, hosted_agents
from arbiter.infrastructure.memory.store import MemoryStore


class MemoryReadyQueue:
    """Every method is one transaction: it runs whole between two awaits."""

    def __init__(self, store: MemoryStore) -> None:
        self._store, self._rows = store, store.rows

    async def turn(self, turn: Turn) -> Turned:
        """Append, release and claim in one commit."""
        await asyncio.sleep(0)
        worker = self._store.workers.get(turn.incarnation)
        if worker is None or worker.status != "live":
            return Turned(alive=False)
        brought = _entries(turn)
        ours = [made for made in brought if self._holds(turn, made)]
        self._store.facts.refuse_taken([fact for made in ours for fact in made.facts])
        # Places are counted before the finished tasks leave theirs, as turn.sql counts them.
        claimed = self._claim(turn)
        for made in ours:
            self._store.write(made)
        if ours:
            self._store.ring()
        stands = {made.task_id for made in ours}
        refused = frozenset(made.task_id for made in brought if made.task_id not in stands)
        return Turned(alive=True, refused=refused, claimed=claimed)

    async def unclaim(self, incarnation: UUID, task_ids: Sequence[UUID]) -> None:
        """Offer tasks again that were claimed and not begun."""
        await asyncio.sleep(0)
        self._unclaim(incarnation, task_ids)

    async def handlers_stopped(
        self, incarnation: UUID, task_ids: Sequence[UUID], at: datetime
    ) -> None:
        """Offer tasks again whose former handler has really stopped by now."""
        await asyncio.sleep(0)
        self._let_go(incarnation, task_ids, at)

    async def sweep(self, at: datetime) -> Swept:
        """Offer the tasks whose not_before has passed."""
        await asyncio.sleep(0)
        waiting, flipped = self._rows.waiting, 0
        while (first := waiting.first()) is not None and first[0] <= at:
            [row] = self._rows.of([first[1]])
            self._rows.put(replace(row, due=True, stopping_by=None, stopping_until=None))
            flipped += 1
        if flipped:
            self._store.bell.ring({"ready"})
        next_due, next_limit = waiting.first(), self._rows.limits.first()
        return Swept(
            flipped=flipped,
            next_due=next_due[0] if next_due else None,
            next_limit=next_limit[0] if next_limit else None,
        )

    async def overdue(self, at: datetime, limit: int) -> Sequence[UUID]:
        """Return tasks, run by no worker, one of whose time limits has passed."""
        await asyncio.sleep(0)
        first = islice(self._rows.limits, limit)
        return [task_id for due_at, task_id in first if due_at <= at]

    async def unroutable(self, limit: int) -> Sequence[Unroutable]:
        """Return due tasks of a hosted kind that no live agent of that kind and queue may do now."""
        await asyncio.sleep(0)
        stuck = [
            told
            for queue, kind, front in self._rows.fronts(limit)
            for row in front
            if (told := self._unroutable(row, hosted_agents(self._store, queue, kind)))
        ]
        return stuck[:limit]

    def _unroutable(self, row: ReadyRow, hosted: Sequence[Hosted]) -> Unroutable | None:
        able = [agent for agent in hosted if agent.can(row.needs)]
        kept = {agent.name: agent.kept for agent in able if agent.kept is not None}
        if not hosted or len(kept) < len(able):
            return None
        return Unroutable(
            task_id=row.task_id, kept=kept, set_aside=self._rows.set_aside.get(row.task_id)
        )

    async def postpone(self, task_ids: Sequence[UUID], until: datetime, reason: str) -> None:
        """Look at queued tasks again later, or once somebody may do them; the reason is recorded."""
        await asyncio.sleep(0)
        for row in self._rows.of(task_ids):
            if row.status != Status.QUEUED or row.claimed_by is not None:
                continue
            if row.due or row.not_before == until:
                self._rows.put(replace(row, due=False, not_before=until))
                self._rows.set_aside[row.task_id] = reason

    async def offer_set_aside(self, limit: int) -> int:
        """Offer postponed tasks again that some live agent may do now; say how many."""
        await asyncio.sleep(0)
        waiting = (
            row
            for row in self._rows.of(self._rows.set_aside)
            if row.status == Status.QUEUED and not row.due
            if row.claimed_by is None and row.stopping_by is None
        )
        able = [row for row in waiting if self._may_be_done(row)][:limit]
        for row in able:
            self._rows.put(replace(row, due=True))
        if able:
            self._store.bell.ring({"ready"})
        return len(able)

    def _may_be_done(self, row: ReadyRow) -> bool:
        hosted = hosted_agents(self._store, row.queue, row.kind)
        return any(agent.kept is None and agent.can(row.needs) for agent in hosted)

    async def claimed_by(self, incarnation: UUID, limit: int) -> Sequence[UUID]:
        """Return assigned and running tasks of an incarnation."""
        await asyncio.sleep(0)
        rows = self._rows.of(self._rows.hands.get(incarnation, ()))
        return [row.task_id for row in rows if row.status != Status.QUEUED][:limit]

    async def forget(self, incarnation: UUID, at: datetime) -> int:
        """Offer what a gone incarnation had claimed but not begun, or not let go; say how many."""
        await asyncio.sleep(0)
        unclaimed = self._unclaim(incarnation, [*self._rows.hands.get(incarnation, ())])
        stopping = [*self._rows.stopping.get(incarnation, ())]
        return unclaimed + self._let_go(incarnation, stopping, at)

    async def row(self, task_id: UUID) -> ReadyRow | None:
        """Return the row of a live task."""
        await asyncio.sleep(0)
        return self._rows.get(task_id)

    async def waiting_since(self, before: datetime, limit: int) -> Sequence[ReadyRow]:
        """Return due tasks that were submitted before a moment and never started, oldest first."""
        await asyncio.sleep(0)
        waiting = (
            row
            for row in self._rows
            if row.status == Status.QUEUED
            and row.due
            and row.claimed_by is None
            and row.attempt == 0
            and row.submitted_at < before
        )
        return nsmallest(limit, waiting, key=lambda row: (row.submitted_at, row.task_id))

    def _holds(self, turn: Turn, made: Entry) -> bool:
        row = self._rows.get(made.task_id)
        return (
            row is not None and row.version == made.expected and row.claimed_by == turn.incarnation
        )

    def _claim(self, turn: Turn) -> Sequence[Claimed]:
        claimed = []
        for _, _, task_id in best_offers(self._store, turn):
            [row] = self._rows.of([task_id])
            self._rows.put(replace(row, claimed_by=turn.incarnation))
            first = cast(TaskSubmitted, self._store.facts.first(task_id))
            claimed.append(Claimed(task_id, row.version, first))
        return claimed

    def _unclaim(self, incarnation: UUID, task_ids: Iterable[UUID]) -> int:
        ours = [
            row
            for row in self._rows.of(task_ids)
            if row.claimed_by == incarnation and row.status == Status.QUEUED
        ]
        for row in ours:
            self._rows.put(replace(row, claimed_by=None))
        return len(ours)

    def _let_go(self, incarnation: UUID, task_ids: Iterable[UUID], at: datetime) -> int:
        ours = [row for row in self._rows.of(task_ids) if row.stopping_by == incarnation]
        for row in ours:
            come = row.not_before is None or row.not_before <= at
            self._rows.put(
                replace(
                    row,
                    due=come and row.status == Status.QUEUED,
                    stopping_by=None,
                    stopping_until=None,
                )
            )
        return len(ours)


def _entries(turn: Turn) -> list[Entry]:
    ends = (
        Entry(
            task_id=fact.task_id,
            expected=fact.version - 1,
            was_live=True,
            facts=(fact,),
            row=None,
        )
        for fact in turn.finished
    )
    starts = (
        Entry(
            task_id=made.task.id,
            expected=made.facts[0].version - 1,
            was_live=True,
            facts=made.facts,
            row=ready_row(made.task, at=made.facts[0].at),
        )
        for made in turn.begun
    )
    return [*ends, *starts]
