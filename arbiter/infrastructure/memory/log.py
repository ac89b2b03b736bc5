"""The log's in-memory twin."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from arbiter.application.ports import Entry, Recorded, words_of
from arbiter.domain.errors import Conflict
from arbiter.domain.facts import Fact, TaskRouted
from arbiter.infrastructure.memory.store import MemoryStore


class MemoryLog:
    """Keeps facts as bytes; every call lets others go first, as a database would."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def append(self, entry: Entry) -> int:
        """Write one decision whole; return the position reached."""
        [outcome] = await self.append_many([entry])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def put(self, entry: Entry, answer: Callable[[int | Exception], object]) -> None:
        """Write one decision, and answer."""
        [outcome] = self._append([entry])
        answer(outcome)

    async def append_many(self, entries: Sequence[Entry]) -> Sequence[int | Exception]:
        """Write many decisions, each whole or not at all; answer for each in order."""
        await asyncio.sleep(0)
        return self._append(entries)

    def _append(self, entries: Sequence[Entry]) -> Sequence[int | Exception]:
        outcomes: list[int | Exception] = []
        standing = []
        for made in entries:
            try:
                outcomes.append(self._store.write(made))
                standing.append(made)
            except Conflict as refused:
                outcomes.append(refused)
        if standing:
            self._store.ring(*words_of(standing))
        return outcomes

    async def append_facts(self, facts: Sequence[Fact]) -> int:
        """Write facts that concern no task, all or none; return the position reached."""
        await asyncio.sleep(0)
        reached = self._store.facts.add(facts)
        self._store.bell.ring({"log"})
        return reached

    async def stream(self, stream_id: UUID) -> Sequence[Fact]:
        """Return all facts of one stream in order; nothing for an unknown one."""
        return [recorded.fact for recorded in await self.recorded(stream_id)]

    async def streams(self, stream_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Fact]]:
        """Return the facts of several streams; unknown ones are left out."""
        await asyncio.sleep(0)
        read = {stream_id: self._store.facts.of(stream_id) for stream_id in stream_ids}
        return {
            stream_id: [recorded.fact for recorded in stream]
            for stream_id, stream in read.items()
            if stream
        }

    async def recorded(self, stream_id: UUID) -> Sequence[Recorded]:
        """Return all facts of one stream with their positions."""
        await asyncio.sleep(0)
        return self._store.facts.of(stream_id)

    async def read(self, after: int, limit: int) -> Sequence[Recorded]:
        """Return the next facts behind a position, in order."""
        await asyncio.sleep(0)
        return self._store.facts.behind(after, limit)

    async def routed_since(
        self, at: datetime, *, after: int = 0, limit: int = 500
    ) -> Sequence[tuple[int, UUID]]:
        """Return where tasks were routed at a moment or later, behind a position."""
        await asyncio.sleep(0)
        found: list[tuple[int, UUID]] = []
        while len(found) < limit and (next_facts := self._store.facts.behind(after, limit)):
            after = next_facts[-1].position
            found += [
                (position, fact.task_id)
                for fact, position in ((each.fact, each.position) for each in next_facts)
                if isinstance(fact, TaskRouted) and fact.at >= at
            ]
        return found[:limit]

    async def last_position(self) -> int:
        """Return the position of the last fact; 0 for an empty log."""
        await asyncio.sleep(0)
        return self._store.facts.last_position

    async def barrier(self, incarnation: UUID) -> None:  # noqa: ARG002 - no turn here outlasts its await
        """Wait until every append that began before this call has ended, one way or the other."""
        # Each append lets others go first exactly once: those that began before us are done after it.
        await asyncio.sleep(0)
