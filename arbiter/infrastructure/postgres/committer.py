"""Group commit: decisions from any number of callers meet here and become durable together."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID

import psycopg
from psycopg import AsyncConnection

from arbiter.application.ports import Entry, Scheduler
from arbiter.domain.errors import Conflict, Stopped, Unavailable
from arbiter.domain.facts import encode
from arbiter.infrastructure.postgres.columns import decision_columns, fact_columns
from arbiter.infrastructure.postgres.connections import (
    Connections,
    Row,
    first_line,
    is_lost,
    is_open,
)

MOST = 500
"""Decisions in one commit, at most."""

LANES = 2
"""While one batch commits, the next is encoded."""

WORTH_A_LANE = 32
"""Waiting decisions that are worth a second commit beside the one under way."""

PATIENCE_SECONDS = 0.02
"""How long a few decisions wait for the commit under way; one that is held up shall hold up nobody else."""

RECONNECT_SECONDS = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0)

LOST = (psycopg.OperationalError, Unavailable)
"""What an append raises when its reply was lost; everything else is an answer."""

Outcome = int | Exception
Answer = Callable[[Outcome], object]
"""Tells one caller the position its decision reached, or why it was not written."""

log = logging.getLogger(__name__)


class Committer:
    """Takes decisions, commits them in batches, and answers each caller after the commit."""

    def __init__(self, connections: Connections, scheduler: Scheduler, channel: str) -> None:
        """Open nothing yet."""
        self._connections, self._scheduler, self._channel = connections, scheduler, channel
        self._waiting: deque[tuple[Entry, Answer]] = deque()
        self._woken = asyncio.Event()
        self._busy: set[UUID] = set()
        self._committing = 0
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

    def put(self, entry: Entry, answer: Answer) -> None:
        """Put a decision in line; it is answered once."""
        self._put_in_line([(entry, answer)])

    def submit(self, entry: Entry) -> asyncio.Future[int]:
        """Put a decision in line; the future tells the position once it is durable."""
        durable: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.put(entry, partial(_settle, durable))
        return durable

    def submit_many(self, entries: Sequence[Entry]) -> asyncio.Future[list[Outcome]]:
        """Put many decisions in line; one future tells what became of each, in order."""
        group = _Group(asyncio.get_running_loop(), len(entries))
        self._put_in_line(
            [(made, partial(group.answer, place)) for place, made in enumerate(entries)]
        )
        return group.settled

    def _put_in_line(self, decisions: Sequence[tuple[Entry, Answer]]) -> None:
        if self._stopping:
            _refuse(decisions)
            return
        self._waiting.extend(decisions)
        self._woken.set()

    async def _run(self) -> None:
        try:
            while not (self._stopping and not self._waiting):
                if not await self.run_once():
                    self._woken.clear()
                    await self._woken.wait()
            self._woken.set()
        except asyncio.CancelledError:  # the loop ends: who still waits is told
            self._stopping = True
            waiting, self._waiting = self._waiting, deque()
            _refuse(waiting)
            raise

    async def run_once(self) -> int:
        """Commit one batch, if there is one worth it; return how many decisions it held.

        While another commit is under way, a few decisions wait a little for its end: together they cost less.
        """
        if self._committing and len(self._waiting) < WORTH_A_LANE:
            return 0
        batch = self._take()
        if not batch:
            return 0
        under_way = self._begin()
        alarm = self._scheduler.call_later(PATIENCE_SECONDS, under_way)
        try:
            await self._commit_batch(batch)
        finally:
            alarm.cancel()
            under_way()
        return len(batch)

    def _begin(self) -> Callable[[], None]:
        """Count a commit as worth waiting for, until what is returned is called."""
        self._committing += 1
        counted = True

        def end() -> None:
            nonlocal counted
            if counted:
                counted = False
                self._committing -= 1
                self._woken.set()

        return end

    async def _commit_batch(self, batch: Sequence[tuple[Entry, Answer]]) -> None:
        try:
            outcomes = await self._commit([made for made, _ in batch])
        except BaseException:
            _refuse(batch)
            raise
        self._busy.difference_update(made.task_id for made, _ in batch)
        self._woken.set()
        for (_, answer), outcome in zip(batch, outcomes, strict=True):
            answer(outcome)

    def _take(self) -> list[tuple[Entry, Answer]]:
        """Take the next batch; a second decision about a task waits until the first is written."""
        batch: list[tuple[Entry, Answer]] = []
        while self._waiting and len(batch) < MOST:
            task_id = self._waiting[0][0].task_id
            if task_id in self._busy:
                break
            self._busy.add(task_id)
            batch.append(self._waiting.popleft())
        return batch

    async def _commit(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Commit and answer for each; a lost reply is followed up while the database may come back."""
        try:
            return await self._write(entries)
        except LOST as error:
            log.warning("the connection was lost while committing: %s", first_line(error))
        except Exception as error:  # noqa: BLE001 - every caller must get an answer
            return [error] * len(entries)
        for pause in RECONNECT_SECONDS:
            try:
                return await self._follow_up(entries)
            except LOST as error:
                log.warning("the database cannot be reached: %s", first_line(error))
                await self._scheduler.sleep(pause)
            except Exception as error:  # noqa: BLE001 - the same
                return [error] * len(entries)
        gone = Unavailable("database: the connection was lost and did not come back")
        return [gone] * len(entries)

    async def _write(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Write what can be written, in halves where one of them offends; raises when a reply is lost."""
        try:
            return await self._append(entries)
        except psycopg.errors.UniqueViolation:
            if len(entries) == 1:
                return [Conflict(entries[0].task_id, entries[0].expected)]
            half = len(entries) // 2
            return [*await self._write(entries[:half]), *await self._write(entries[half:])]
        except psycopg.Error as error:
            if is_lost(error):
                raise
            return [Unavailable(f"database: {first_line(error)}")] * len(entries)

    async def _append(self, entries: Sequence[Entry]) -> list[Outcome]:
        columns = decision_columns(entries, self._channel)
        async with self._borrowed() as connection:
            cursor = await self._connections.execute(connection, "append_decisions", columns)
            [(position, refused)] = await cursor.fetchall()
        if not refused:
            return [position] * len(entries)
        moved_on = set(refused)
        return [
            Conflict(made.task_id, made.expected) if made.task_id in moved_on else position
            for made in entries
        ]

    async def _follow_up(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Find out what became of a commit nobody answered for, and finish it."""
        outcomes = await self._fates(entries)
        absent = [place for place, outcome in enumerate(outcomes) if outcome is None]
        written = await self._write([entries[place] for place in absent]) if absent else []
        found = dict(zip(absent, written, strict=True))
        # The old backend may have come between our looking and our writing; then it was we.
        doubtful = [place for place, outcome in found.items() if isinstance(outcome, Conflict)]
        fates = await self._fates([entries[place] for place in doubtful]) if doubtful else []
        found |= {place: fate for place, fate in zip(doubtful, fates, strict=True) if fate}
        return [found[place] if fate is None else fate for place, fate in enumerate(outcomes)]

    async def _fates(self, entries: Sequence[Entry]) -> list[Outcome | None]:
        """Tell what stands at our places, once the appends under way, perhaps our own, have ended."""
        columns = fact_columns([fact for made in entries for fact in made.facts], [])
        places = {"ids": columns["ids"], "versions": columns["versions"]}
        async with self._borrowed() as connection:
            await self._connections.execute(connection, "enter_log")
            cursor = await self._connections.execute(connection, "stored_facts", places)
            stored = {(row[0], row[1]): (row[2], row[3]) for row in await cursor.fetchall()}
        return [_fate(made, stored) for made in entries]

    @asynccontextmanager
    async def _borrowed(self) -> AsyncIterator[AsyncConnection[Row]]:
        """Lend a connection that is alive, as far as one can tell without asking."""
        connection = self._idle.pop() if self._idle else await self._connections.open()
        while not is_open(connection):
            connection = self._idle.pop() if self._idle else await self._connections.open()
        try:
            yield connection
        finally:
            if is_open(connection):
                self._idle.append(connection)


def _refuse(decisions: Iterable[tuple[Entry, Answer]]) -> None:
    for _, answer in decisions:
        answer(Stopped("this Arbiter has been stopped"))


def _settle(durable: asyncio.Future[int], outcome: Outcome) -> None:
    if durable.done():  # its caller has gone; the command stands
        return
    if isinstance(outcome, Exception):
        durable.set_exception(outcome)
    else:
        durable.set_result(outcome)


class _Group:
    """The answers of decisions that were put in line together."""

    def __init__(self, loop: asyncio.AbstractEventLoop, size: int) -> None:
        self._outcomes: list[Outcome] = [0] * size
        self._left = size
        self.settled: asyncio.Future[list[Outcome]] = loop.create_future()
        self._settle_if_whole()

    def answer(self, place: int, outcome: Outcome) -> None:
        """Take in one answer."""
        self._outcomes[place] = outcome
        self._left -= 1
        self._settle_if_whole()

    def _settle_if_whole(self) -> None:
        if not self._left and not self.settled.done():
            self.settled.set_result(self._outcomes)


def _fate(made: Entry, stored: Mapping[tuple[UUID, int], tuple[bytes, int]]) -> Outcome | None:
    """Equal bytes at its place: it was written. Other bytes: another came first. Nothing: not yet."""
    reached: int | None = None
    for fact in made.facts:
        found = stored.get((made.task_id, fact.version))
        if found is None:
            continue
        state, position = found
        if state != encode(fact):
            return Conflict(made.task_id, made.expected)
        reached = position
    return reached
