"""The assignments' in-memory twin."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from arbiter.application.agents import abilities_of
from arbiter.application.ports import ASSIGNED_WORD, Assignment, Elsewhere, Entry
from arbiter.application.ready_row import ready_row
from arbiter.domain.status import Status
from arbiter.infrastructure.memory.ready_rows import offer_of
from arbiter.infrastructure.memory.store import MemoryStore, WorkerRow


class MemoryAssignments:
    """Each call runs whole between two awaits."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def hosts(
        self, me: UUID, queues: Collection[str], kinds: Collection[str]
    ) -> Sequence[Elsewhere]:
        """Return the agents of these kinds that other live workers of these queues host."""
        await asyncio.sleep(0)
        found = [
            elsewhere
            for worker in self._store.workers.values()
            if self._is_live(worker.incarnation) and worker.incarnation != me
            if not set(queues).isdisjoint(worker.queues)
            for elsewhere in self._hosted(worker)
            if not set(elsewhere.profile.kinds).isdisjoint(kinds)
        ]
        return sorted(found, key=lambda each: (each.profile.name, each.incarnation))

    async def give(self, me: UUID, given: Sequence[Assignment]) -> frozenset[UUID]:
        """Append the facts and put the tasks into their hosts' hands; return those that stayed."""
        await asyncio.sleep(0)
        stands = [each for each in given if self._is_live(me) and self._is_ours(me, each)]
        self._store.facts.refuse_taken([each.fact for each in stands])
        for each in stands:
            self._store.write(_entry(each))
        if stands:
            self._store.ring(*(f"{ASSIGNED_WORD}{each.fact.incarnation}" for each in stands))
        return frozenset(_ids(given) - _ids(stands))

    async def given(self, me: UUID, queues: Collection[str], limit: int) -> Sequence[UUID]:
        """Return the tasks that rest with us, assigned and not started, the most urgent first."""
        await asyncio.sleep(0)
        rows = [
            row
            for row in self._store.rows.of(self._store.rows.hands.get(me, ()))
            if row.status == Status.ASSIGNED and row.queue in queues
        ]
        return [row.task_id for row in sorted(rows, key=offer_of)][:limit]

    def _hosted(self, worker: WorkerRow) -> Iterable[Elsewhere]:
        rows = self._store.rows
        busy = sum(
            row.queue in worker.queues for row in rows.of(rows.hands.get(worker.incarnation, ()))
        )
        for name in worker.agents:
            agent = self._store.agents.get(name)
            if agent is None or not agent.status.takes_work or self._is_silent(name):
                continue
            yield Elsewhere(
                profile=agent.profile,
                abilities=abilities_of(agent.profile),
                incarnation=worker.incarnation,
                queues=frozenset(worker.queues),
                busy=busy + self._outside(name, worker.incarnation),
            )

    def _is_silent(self, name: str) -> bool:
        met = self._store.presence.get(name)
        return met is not None and met.answers is False

    def _outside(self, name: str, host: UUID) -> int:
        """How much an agent has to do that this host does not run."""
        under_way = [each for each in self._store.remote.values() if each.agent == name]
        return sum(
            row.attempt_id == attempt.attempt_id and row.claimed_by != host
            for attempt in under_way
            if (row := self._store.rows.get(attempt.task_id)) is not None
        )

    def _is_live(self, incarnation: UUID) -> bool:
        worker = self._store.workers.get(incarnation)
        return worker is not None and worker.status == "live"

    def _is_ours(self, me: UUID, given: Assignment) -> bool:
        row = self._store.rows.get(given.task.id)
        return (
            row is not None
            and row.version == given.fact.version - 1
            and row.claimed_by == me
            and row.status == Status.QUEUED
            and self._is_live(given.fact.incarnation)
        )


def _ids(given: Iterable[Assignment]) -> set[UUID]:
    return {each.task.id for each in given}


def _entry(given: Assignment) -> Entry:
    return Entry(
        task_id=given.task.id,
        expected=given.fact.version - 1,
        was_live=True,
        facts=(given.fact,),
        row=ready_row(given.task, at=given.fact.at),
    )
