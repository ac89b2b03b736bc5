"""The queues' in-memory twin."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from arbiter.application.ports import QueueState
from arbiter.domain.facts import QueueFact, QueueLimited, QueuePaused, QueueResumed
from arbiter.infrastructure.memory.store import MemoryStore


class MemoryQueues:
    """The switches of every queue that was ever touched."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def set(self, fact: QueueFact) -> None:
        """Append the fact and put it in force; a version that is taken is a Conflict."""
        await asyncio.sleep(0)
        self._store.facts.add([fact])
        before = self._store.switches.get(fact.queue) or QueueState(queue=fact.queue)
        self._store.switches[fact.queue] = _after(replace(before, version=fact.version), fact)
        self._store.bell.ring({"log", "ready"})

    async def get(self, queue: str) -> QueueState:
        """Return a queue's switches; open and unlimited if nobody ever touched it."""
        await asyncio.sleep(0)
        return self._store.switches.get(queue) or QueueState(queue=queue)

    async def all(self) -> Sequence[QueueState]:
        """Return every queue that was ever touched."""
        await asyncio.sleep(0)
        return [self._store.switches[queue] for queue in sorted(self._store.switches)]


def _after(state: QueueState, fact: QueueFact) -> QueueState:
    match fact:
        case QueuePaused():
            return replace(state, paused=True)
        case QueueResumed():
            return replace(state, paused=False)
        case QueueLimited(limit=limit):
            return replace(state, running_limit=limit)
        case _:
            return state
