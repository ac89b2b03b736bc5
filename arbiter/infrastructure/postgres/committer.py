"""Group commit: decisions from any number of callers meet here and become durable together."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from uuid import UUID

import psycopg
from psycopg import AsyncConnection

from arbiter.application.ports import Entry, Scheduler
from arbiter.domain.errors import Conflict, Stopped, Unavailable
from arbiter.domain.facts import encode
from arbiter.infrastructure.postgres.columns import decision_columns, fact_columns
from arbiter.infrastructure.postgres.connections import Connections, Row, first_line

MOST = 500
"""Decisions in one commit, at most."""

LANES = 2
"""While one batch commits, the next is encoded."""

RECONNECT_SECONDS = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0)

Outcome = int | Exception
log = logging.getLogger(__name__)


class Committer:
    """Takes decisions, commits them in batches, and answers each caller after the commit."""

    def __init__(self, connections: Connections, scheduler: Scheduler, channel: str) -> None:
        """Open nothing yet."""
        self._connections, self._scheduler, self._channel = connections, scheduler, channel
        self._statement = connections.query("append_decisions")
        self._waiting: deque[tuple[Entry, asyncio.Future[int]]] = deque()
        self._woken = asyncio.Event()
        self._idle: list[AsyncConnection[Row]] = []
        self._lanes: list[asyncio.Task[None]] = []
        self._stopping = False

    async def start(self) -> None:
        """Open the connections and begin to commit."""
        self._idle = [await self._connections.open() for _ in range(LANES)]
        self._lanes = [
            asyncio.ensure_future(self._scheduler.start(self._run(), name=f"committer {lane}"))
            for lane in range(LANES)
        ]

    async def stop(self) -> None:
        """Commit what is waiting, then close."""
        self._stopping = True
        self._woken.set()
        await asyncio.gather(*self._lanes, return_exceptions=True)
        for connection in self._idle:
            await connection.close()

    def submit(self, entry: Entry) -> asyncio.Future[int]:
        """Put a decision in line; the future tells the position once it is durable."""
        durable: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        if self._stopping:
            durable.set_exception(Stopped("this Arbiter has been stopped"))
            return durable
        self._waiting.append((entry, durable))
        self._woken.set()
        return durable

    async def _run(self) -> None:
        while not (self._stopping and not self._waiting):
            if not self._waiting:
                self._woken.clear()
                await self._woken.wait()
            await self.run_once()
        self._woken.set()

    async def run_once(self) -> int:
        """Commit one batch, if anything waits; return how many decisions it held."""
        batch = self._take()
        if not batch:
            return 0
        outcomes = await self._commit([made for made, _ in batch])
        for (_, durable), outcome in zip(batch, outcomes, strict=True):
            if durable.done():  # its caller has gone; the command stands
                continue
            if isinstance(outcome, Exception):
                durable.set_exception(outcome)
            else:
                durable.set_result(outcome)
        return len(batch)

    def _take(self) -> list[tuple[Entry, asyncio.Future[int]]]:
        """Take the next batch; a second decision about one task waits for the next one."""
        batch: list[tuple[Entry, asyncio.Future[int]]] = []
        seen = set()
        while self._waiting and len(batch) < MOST:
            task_id = self._waiting[0][0].task_id
            if task_id in seen:
                break
            seen.add(task_id)
            batch.append(self._waiting.popleft())
        return batch

    async def _commit(self, entries: Sequence[Entry]) -> list[Outcome]:
        try:
            return await self._write(entries)
        except psycopg.errors.UniqueViolation:
            if len(entries) == 1:
                return [Conflict(entries[0].task_id, entries[0].expected)]
            half = len(entries) // 2
            return [*await self._commit(entries[:half]), *await self._commit(entries[half:])]
        except (psycopg.OperationalError, Unavailable) as error:
            if isinstance(error, psycopg.errors.LockNotAvailable | psycopg.errors.QueryCanceled):
                return [Unavailable(f"database: {first_line(error)}")] * len(entries)
            log.warning("the connection was lost while committing: %s", first_line(error))
            return await self._after_a_lost_reply(entries)
        except Exception as error:  # noqa: BLE001 - every caller must get an answer
            return [error] * len(entries)

    async def _write(self, entries: Sequence[Entry]) -> list[Outcome]:
        connection = self._idle.pop() if self._idle else await self._connections.open()
        try:
            cursor = await connection.execute(
                self._statement, decision_columns(entries, self._channel), binary=True
            )
            reached: dict[UUID, int] = dict(await cursor.fetchall())
        finally:
            self._give_back(connection)
        return [
            reached.get(made.task_id) or Conflict(made.task_id, made.expected) for made in entries
        ]

    def _give_back(self, connection: AsyncConnection[Row]) -> None:
        if not connection.closed and not connection.broken:
            self._idle.append(connection)

    async def _after_a_lost_reply(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Find out what became of a commit nobody answered for, and finish it."""
        for pause in RECONNECT_SECONDS:
            try:
                stored = await self._stored(entries)
                break
            except (psycopg.OperationalError, Unavailable) as error:
                log.warning("the database cannot be reached: %s", first_line(error))
                await self._scheduler.sleep(pause)
        else:
            return [Unavailable("database: the connection was lost and did not come back")] * len(
                entries
            )
        outcomes: list[Outcome] = []
        for made in entries:
            outcomes.append(_fate(made, stored))
        absent = [place for place, outcome in enumerate(outcomes) if outcome == 0]
        again = await self._commit([entries[place] for place in absent]) if absent else []
        for place, outcome in zip(absent, again, strict=True):
            outcomes[place] = outcome
        return outcomes

    async def _stored(
        self, entries: Sequence[Entry]
    ) -> dict[tuple[object, int], tuple[bytes, int]]:
        """Read what stands at our places, behind the log's lock: the old backend may still be busy."""
        facts = [fact for made in entries for fact in made.facts]
        columns = fact_columns(facts, [])
        connection = await self._connections.open()
        try:
            async with connection.transaction():
                await connection.execute(self._connections.query("enter_log"))
                cursor = await connection.execute(
                    self._connections.query("stored_facts"),
                    {"ids": columns["ids"], "versions": columns["versions"]},
                    binary=True,
                )
                found = await cursor.fetchall()
        finally:
            self._give_back(connection)
        return {(row[0], row[1]): (row[2], row[3]) for row in found}


def _fate(made: Entry, stored: dict[tuple[object, int], tuple[bytes, int]]) -> Outcome:
    """Equal bytes at its place: it was written. Other bytes: another came first. Nothing: not yet (0)."""
    reached = 0
    for fact in made.facts:
        found = stored.get((made.task_id, fact.version))
        if found is None:
            continue
        state, position = found
        if state != encode(fact):
            return Conflict(made.task_id, made.expected)
        reached = max(reached, position)
    return reached
