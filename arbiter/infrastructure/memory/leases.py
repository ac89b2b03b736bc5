"""The leases' in-memory twin."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from arbiter.application.ports import Beat, LiveWorker
from arbiter.domain.facts import WorkerJoined, WorkerLeft, WorkerLost
from arbiter.infrastructure.memory.store import MemoryStore, WorkerRow


class MemoryLeases:
    """One row per worker incarnation."""

    def __init__(self, store: MemoryStore) -> None:
        self._store, self._workers = store, store.workers

    async def join(self, joined: WorkerJoined) -> None:
        """Append the fact and open the incarnation's row."""
        await asyncio.sleep(0)
        self._append(joined)
        self._workers[joined.incarnation] = WorkerRow(
            incarnation=joined.incarnation,
            worker=joined.worker,
            host=joined.host,
            pid=joined.pid,
            agents=joined.agents,
            queues=joined.queues,
            joined_at=joined.at,
        )
        self._store.meet(joined.agents, joined.at)

    async def beat(self, incarnation: UUID) -> Beat:
        """Raise the counter; tell the time, who else there is, and whether we are lost."""
        await asyncio.sleep(0)
        own = self._workers.get(incarnation)
        alive = own is not None and own.status == "live"
        if own is not None and alive:
            own.beat += 1
        others = [
            worker
            for worker in self._workers.values()
            if worker is not own and worker.status != "gone"
        ]
        return Beat(
            alive=alive,
            now=self._store.clock.now(),
            others={worker.incarnation: worker.beat for worker in others},
            lost=frozenset(worker.incarnation for worker in others if worker.status == "lost"),
        )

    async def mark_lost(self, lost: WorkerLost) -> bool:
        """Append the fact and close the row, if it still stands at the fact's beat and is live."""
        await asyncio.sleep(0)
        row = self._workers.get(lost.incarnation)
        if row is None or row.status != "live" or row.beat != lost.beat:
            return False
        self._append(lost)
        row.status = "lost"
        self._store.meet(row.agents, lost.at)
        return True

    async def leave(self, left: WorkerLeft) -> bool:
        """Append the fact and close the row, if it is live and nothing is in its hands."""
        await asyncio.sleep(0)
        row = self._workers.get(left.incarnation)
        in_hand = self._store.rows.of(self._store.rows.hands.get(left.incarnation, ()))
        if row is None or row.status != "live" or any(each.status != "queued" for each in in_hand):
            return False
        self._append(left)
        row.status = "gone"
        self._store.meet(row.agents, left.at)
        return True

    async def rescued(self, incarnation: UUID) -> None:
        """Note that nothing of a lost incarnation is left to rescue."""
        await asyncio.sleep(0)
        row = self._workers.get(incarnation)
        if row is not None and row.status == "lost":
            row.status = "gone"

    async def workers(self) -> Sequence[LiveWorker]:
        """Return the live incarnations."""
        await asyncio.sleep(0)
        return [
            LiveWorker(
                incarnation=row.incarnation,
                worker=row.worker,
                host=row.host,
                pid=row.pid,
                agents=row.agents,
                queues=row.queues,
                joined_at=row.joined_at,
            )
            for row in self._workers.values()
            if row.status == "live"
        ]

    def _append(self, fact: WorkerJoined | WorkerLost | WorkerLeft) -> None:
        self._store.facts.add([fact])
        self._store.bell.ring({"log"})
