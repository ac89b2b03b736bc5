"""Every writer enters the log before it takes positions, so that who follows the log misses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from arbiter.application.ports import Claimed
from arbiter.bootstrap.inbox import Inbox
from arbiter.domain.facts import WorkerLeft
from arbiter.domain.task import Task, evolve
from arbiter.infrastructure.postgres.recorder import event_store
from arbiter.infrastructure.serialization import FactMapper
from arbiter.testing.builders import completed, rescheduled, validated
from arbiter.testing.contracts.given import Given, decision, wanted
from tests.support.orchestrating import a_submission, orchestrator
from tests.support.server import asked, connected, holding
from tests.support.stores import postgres_store

ROUNDS = 60
Writer = Callable[[], Awaitable[object]]


class Writers:
    """Eight ways to write, each of which can be gone again and again."""

    def __init__(self, one, other, recorder, caller) -> None:
        self.one, self.other = Given(one), Given(other)
        self._recorder, self._caller = recorder, caller
        self._inbox = Inbox(orchestrator(one), "arbiter")
        self._workers: dict[Given, object] = {}
        self._begun: dict[Given, list[Task]] = {self.one: [], self.other: []}

    async def all(self) -> list[Writer]:
        for given in (self.one, self.other):
            self._workers[given] = await given.worker()
        return [
            lambda: self.submit(self.one),
            lambda: self.submit(self.other),
            lambda: self.turn(self.one),
            lambda: self.turn(self.other),
            self.through_the_kernel,
            self.facts_alone,
            self.through_the_inbox,
            self.hosting,
        ]

    async def submit(self, given: Given) -> None:
        """Several callers at once; some tasks are decided about again."""
        tasks = await asyncio.gather(*(given.task() for _ in range(5)))
        held = await given.task(queue="elsewhere")
        await given.then(held, rescheduled)
        assert len(tasks) == 5

    async def turn(self, given: Given) -> None:
        """Finish what was begun, begin what was claimed, claim anew."""
        me = self._workers[given]
        claimed = (await given.turn(me, wanted(5))).claimed
        begun = [given.beginning(task_of(each), me) for each in claimed]
        ends = [decision(task, completed, at=given.now)[0] for task in self._begun[given]]
        turned = await given.turn(me, finished=ends, begun=[made for made, _ in begun])
        self._begun[given] = [task for _, task in begun if task.id in turned.accepted]

    async def through_the_kernel(self) -> None:
        me = uuid4()
        left = WorkerLeft(incarnation=me, version=2, at=self.one.now)
        events = [FactMapper().to_stored_event(fact) for fact in (self.one.joined(me), left)]
        await asyncio.to_thread(self._recorder.insert_events, events)

    async def facts_alone(self) -> None:
        await self.other.store.log.append_facts([self.other.joined(uuid4()) for _ in range(3)])

    async def through_the_inbox(self) -> None:
        async with self._caller.transaction():
            await self._inbox.asubmit(a_submission(), self._caller)
            await self._inbox.asubmit(a_submission(queue="elsewhere"), self._caller)

    async def hosting(self) -> None:
        me = await self.one.worker()
        await self.one.store.leases.leave(self.one.left(me))
        await self.one.agent(f"agent-{me}")
        await self.one.limited(100, queue=f"queue-{me}")


def task_of(claimed: Claimed) -> Task:
    task = evolve(None, claimed.first)
    for fact in validated.happens(task, at=claimed.first.at):
        task = evolve(task, fact)
    return task


class Tail:
    """Follows the log by position, and never looks back."""

    def __init__(self, log) -> None:
        self._log = log
        self.seen: list[int] = []

    async def follow(self, writing: asyncio.Future[object]) -> None:
        """Read on until the writers have stopped, and once more after that."""
        last = False
        while not last:
            last = writing.done()
            batch = await self._log.read(self.seen[-1] if self.seen else 0, 1000)
            self.seen.extend(each.position for each in batch)
            last = last and not batch


@pytest.fixture
async def race(database) -> AsyncIterator[Callable[[int], Awaitable[set[int]]]]:
    async with AsyncExitStack() as stack:
        one, other, readers = [
            await stack.enter_async_context(postgres_store(database)) for _ in range(3)
        ]
        caller = await stack.enter_async_context(connected(database.dsn, autocommit=False))
        await caller.commit()
        events = await asyncio.to_thread(event_store, database.dsn, "arbiter")
        stack.callback(events.recorder.datastore.close)
        writers = await Writers(one, other, events.recorder, caller).all()
        tail = Tail(readers.log)

        async def run(rounds: int) -> set[int]:
            """Let all writers write, and return the positions that the reader has missed."""

            async def write(writer: Writer) -> None:
                for _ in range(rounds):
                    await writer()

            writing = asyncio.gather(*(write(writer) for writer in writers))
            await asyncio.gather(writing, tail.follow(writing))
            rows = await asked(database.dsn, "SELECT notification_id FROM arbiter.facts")
            return {position for (position,) in rows} - set(tail.seen)

        yield run


async def test_a_reader_behind_eight_writers_misses_nothing(race, database):
    assert await race(ROUNDS) == set()
    topics = await asked(database.dsn, "SELECT topic, count(*) FROM arbiter.facts GROUP BY 1")
    written = {topic: facts for topic, facts in topics if facts >= ROUNDS}
    assert {"task.submitted", "task.started", "task.completed", "task.rescheduled"} <= set(written)
    assert {"worker.joined", "worker.left", "agent.registered", "queue.limited"} <= set(written)


async def test_times_never_decrease_and_positions_rise_with_versions(race, database):
    await race(ROUNDS // 2)
    backwards = await asked(
        database.dsn,
        """SELECT position FROM (
               SELECT position, at, lag(at) OVER (ORDER BY position) AS before FROM arbiter.log_times
           ) AS times WHERE at < before""",
    )
    assert backwards == []
    unordered = await asked(
        database.dsn,
        """SELECT originator_id FROM (
               SELECT originator_id, originator_version AS version, notification_id AS position,
                   lag(originator_version) OVER stream AS version_before,
                   lag(notification_id) OVER stream AS position_before
               FROM arbiter.facts
               WINDOW stream AS (PARTITION BY originator_id ORDER BY originator_version)
           ) AS facts
           WHERE position < position_before OR version <> coalesce(version_before, 0) + 1""",
    )
    assert unordered == []
    unknown = await asked(
        database.dsn,
        """SELECT position FROM arbiter.log_times
           WHERE position NOT IN (SELECT notification_id FROM arbiter.facts)""",
    )
    assert unknown == []


async def test_without_the_lock_the_same_reader_misses_facts(race, database):
    """The control: if nobody entered the log, the test above would see it."""
    await asked(
        database.dsn,
        """CREATE OR REPLACE FUNCTION arbiter.enter_log() RETURNS timestamptz
           LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()'""",
    )
    for _ in range(40):
        if await race(5):
            return
    pytest.fail("nothing was missed although nothing kept the order")


async def test_a_clock_that_was_set_back_does_not_turn_the_log_s_times(database):
    async with postgres_store(database) as store:
        given = Given(store)
        await given.task()
        await asked(
            database.dsn,
            """INSERT INTO arbiter.log_times
               SELECT 1000000, at + interval '1 hour' FROM arbiter.log_times""",
        )
        await asked(database.dsn, "SELECT setval('arbiter.facts_notification_id_seq', 1000000)")
        await given.task()
        await store.log.append_facts([given.joined(uuid4())])
    times = await asked(database.dsn, "SELECT at FROM arbiter.log_times ORDER BY position")
    assert len(times) == 4
    assert times[1] == times[2] == times[3]


async def test_a_program_that_locks_numbers_of_its_own_keeps_nobody_waiting(database):
    own = "SELECT pg_advisory_lock(oid::bigint) FROM pg_class WHERE oid < 100000"
    async with postgres_store(database) as store, holding(database.dsn, own), asyncio.timeout(2):
        await Given(store).task()
