"""The in-memory twin of the attempts that are done outside."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import timedelta
from uuid import UUID

from arbiter.application.ports import RemoteAttempt
from arbiter.application.ready_row import ReadyRow
from arbiter.infrastructure.memory.store import MemoryStore

KEPT = timedelta(days=7)


class MemoryRemoteAttempts:
    """Every attempt that was sent outside within a week, or is still under way."""

    def __init__(self, store: MemoryStore) -> None:
        self._store, self._attempts = store, store.remote

    async def admit(self, attempt: RemoteAttempt, most: int) -> bool:
        """Note an attempt before it is sent; False where its agent has `most` others under way."""
        await asyncio.sleep(0)
        of_agent = [known for known in self._attempts.values() if known.agent == attempt.agent]
        for known in of_agent:
            if known.sent_at < attempt.sent_at - KEPT and self._row(known) is None:
                del self._attempts[known.attempt_id]
        others = [known for known in of_agent if known.attempt_id != attempt.attempt_id]
        if sum(self._row(known) is not None for known in others) >= most:
            return False
        self._attempts.setdefault(attempt.attempt_id, attempt)
        return True

    async def find(self, attempt_id: UUID) -> RemoteAttempt | None:
        """Return an attempt that was noted, over or not."""
        await asyncio.sleep(0)
        return self._attempts.get(attempt_id)

    async def elsewhere(self, agents: Collection[str], incarnation: UUID) -> Mapping[str, int]:
        """Return how many attempts each agent has under way that this incarnation does not run."""
        await asyncio.sleep(0)
        return Counter(
            known.agent
            for known in self._attempts.values()
            if known.agent in agents
            and (row := self._row(known)) is not None
            and row.claimed_by != incarnation
        )

    def _row(self, attempt: RemoteAttempt) -> ReadyRow | None:
        """Return the row of the task that an attempt holds; None where it is over."""
        row = self._store.rows.get(attempt.task_id)
        return row if row is not None and row.attempt_id == attempt.attempt_id else None
