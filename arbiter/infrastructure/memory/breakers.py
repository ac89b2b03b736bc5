"""The breakers' in-memory twin."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from arbiter.application.ports import Probe, Standing
from arbiter.domain.breaker import Breaker, State, evolve, new_breaker
from arbiter.domain.facts import BreakerFact
from arbiter.domain.status import Status
from arbiter.infrastructure.memory.store import MemoryStore, Permit


class MemoryBreakers:
    """The breakers that ever moved, and the permits of half-open ones."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def move(self, fact: BreakerFact) -> None:
        """Append the fact and put it in force; a version that is taken is a Conflict."""
        await asyncio.sleep(0)
        self._store.facts.add([fact])
        self._store.breakers[fact.agent] = evolve(new_breaker(fact.agent), fact)
        self._store.bell.ring({"log", "agents"})

    async def get(self, name: str) -> Breaker:
        """Return a breaker as its facts tell it; one that never moved is new."""
        await asyncio.sleep(0)
        return self._get(name)

    async def all(self) -> Sequence[Breaker]:
        """Return every breaker that ever moved, by name."""
        await asyncio.sleep(0)
        return [self._store.breakers[name] for name in sorted(self._store.breakers)]

    async def standing(self) -> Mapping[str, Standing]:
        """Return those that are not closed."""
        await asyncio.sleep(0)
        return {
            name: Standing(state=known.state, until=known.until, room=self._room(known))
            for name, known in self._store.breakers.items()
            if known.state is not State.CLOSED
        }

    async def permit(self, incarnation: UUID, probes: Sequence[Probe]) -> frozenset[UUID]:
        """Take permits for tasks this incarnation has claimed; return the tasks that may begin."""
        await asyncio.sleep(0)
        self._drop()
        permitted: set[UUID] = set()
        for probe in probes:
            guards = [self._get(name) for name in probe.breakers]
            if all(self._permits(guard, probe.task_id) for guard in guards):
                permitted.add(probe.task_id)
                self._store.permits.update(
                    ((guard.name, probe.task_id), Permit(probe.attempt_id, incarnation))
                    for guard in guards
                    if guard.state is State.HALF_OPEN
                )
        return frozenset(permitted)

    async def give_back(self) -> int:
        """Drop the permits of attempts that are over; say how many."""
        await asyncio.sleep(0)
        dropped = self._drop()
        if dropped:
            self._store.bell.ring({"agents"})
        return dropped

    def _get(self, name: str) -> Breaker:
        return self._store.breakers.get(name) or new_breaker(name)

    def _permits(self, guard: Breaker, task_id: UUID) -> bool:
        match guard.state:
            case State.CLOSED:
                return True
            case State.OPEN:
                return False
            case State.HALF_OPEN:
                return self._room(guard, besides=task_id) > 0

    def _room(self, guard: Breaker, besides: UUID | None = None) -> int:
        if guard.state is not State.HALF_OPEN:
            return 0
        taken = [
            task_id
            for (name, task_id), permit in self._store.permits.items()
            if name == guard.name and task_id != besides and self._stands(task_id, permit)
        ]
        return max(0, guard.allowed - len(taken))

    def _drop(self) -> int:
        permits = self._store.permits
        over = [key for key, permit in permits.items() if not self._stands(key[1], permit)]
        for key in over:
            del permits[key]
        return len(over)

    def _stands(self, task_id: UUID, permit: Permit) -> bool:
        row = self._store.rows.get(task_id)
        if row is None:
            return False
        is_claimed = row.status == Status.QUEUED and row.claimed_by == permit.incarnation
        return is_claimed or row.attempt_id == permit.attempt_id
