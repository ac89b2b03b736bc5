"""The log on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from uuid import UUID

import psycopg

from arbiter.application.ports import Entry, Recorded
from arbiter.domain.errors import Conflict
from arbiter.domain.facts import Fact, decode, encode
from arbiter.infrastructure.postgres.arrays import uuids
from arbiter.infrastructure.postgres.columns import fact_columns
from arbiter.infrastructure.postgres.committer import Committer
from arbiter.infrastructure.postgres.connections import Reader


class PostgresLog:
    """Appends through the committer, reads through the pool."""

    def __init__(self, committer: Committer, reader: Reader, channel: str) -> None:
        """Both must be open before the first call."""
        self._committer, self._reader, self._channel = committer, reader, channel

    async def append(self, entry: Entry) -> int:
        """Write one decision whole; return the position reached once it is durable."""
        return await self._committer.submit(entry)

    def put(self, entry: Entry, answer: Callable[[int | Exception], object]) -> None:
        """Write one decision, and answer on the loop."""
        self._committer.put(entry, answer)

    async def append_many(self, entries: Sequence[Entry]) -> Sequence[int | Exception]:
        """Write many decisions, each whole or not at all; answer for each in order."""
        return await self._committer.submit_many(entries)

    async def append_facts(self, facts: Sequence[Fact]) -> int:
        """Write facts that concern no task, all or none; return the position reached."""
        columns = fact_columns(facts, [encode(fact) for fact in facts])
        try:
            rows = await self._reader.rows(
                "append_facts", {**columns, "channel": self._channel, "words": ["log"]}
            )
        except psycopg.errors.UniqueViolation as taken:
            raise Conflict(facts[0].stream_id, facts[0].version - 1) from taken
        return int(rows[-1][0])

    async def stream(self, stream_id: UUID) -> Sequence[Fact]:
        """Return all facts of one stream in order; nothing for an unknown one."""
        return [recorded.fact for recorded in await self.recorded(stream_id)]

    async def streams(self, stream_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Fact]]:
        """Return the facts of several streams; unknown ones are left out."""
        rows = await self._reader.rows("select_streams", {"ids": uuids(stream_ids)})
        return {
            stream_id: [decode(topic, state) for _, topic, state, _ in facts]
            for stream_id, facts in groupby(rows, key=itemgetter(0))
        }

    async def recorded(self, stream_id: UUID) -> Sequence[Recorded]:
        """Return all facts of one stream with their positions."""
        rows = await self._reader.rows("select_streams", {"ids": uuids([stream_id])})
        return [Recorded(decode(topic, state), position) for _, topic, state, position in rows]

    async def read(self, after: int, limit: int) -> Sequence[Recorded]:
        """Return the next facts behind a position, in order."""
        rows = await self._reader.rows("select_facts", {"after": after, "how_many": limit})
        return [Recorded(decode(topic, state), position) for topic, state, position in rows]

    async def routed_since(
        self, at: datetime, *, after: int = 0, limit: int = 500
    ) -> Sequence[tuple[int, UUID]]:
        """Return where tasks were routed at a moment or later, behind a position."""
        rows = await self._reader.rows(
            "select_routed_since", {"at": at, "after": after, "how_many": limit}
        )
        return [(position, task_id) for position, task_id in rows]

    async def last_position(self) -> int:
        """Return the position of the last fact; 0 for an empty log."""
        row = await self._reader.row("last_position")
        return int(row[0]) if row else 0

    async def barrier(self, incarnation: UUID) -> None:
        """Wait until every append and turn of an incarnation that has begun has ended."""
        async with self._reader.transaction() as statements:
            await statements.run("guard_writing")
            await statements.run("lock_incarnation", {"incarnation": incarnation})
            await statements.run("enter_log")
