"""Many lanes at once: each task to one of them, a limit is a limit, and nobody waits in a circle."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from arbiter.application.ports import Entry, Turned, entry
from arbiter.domain.errors import ArbiterError
from arbiter.domain.facts import TaskFact
from arbiter.domain.task import Task, remember
from arbiter.testing.builders import (
    attempt_failed,
    cancelled,
    completed,
    gated,
    rescheduled,
    resumed,
    suspended,
    worker_lost,
)
from arbiter.testing.contracts.given import Given, decision, ids, wanted
from tests.support.server import asked, connected, deadlocks
from tests.support.stores import postgres_store
from tests.support.waiting import eventually

LANES = 6


@pytest.fixture
async def lanes(database):
    """Six lanes of six workers, over three stores."""
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(postgres_store(database)) for _ in range(3)]
        givens = [Given(stores[place % 3]) for place in range(LANES)]
        yield [Lane(given, await given.worker()) for given in givens]


class Lane:
    """Claims, begins and ends tasks, turn by turn."""

    def __init__(self, given: Given, me) -> None:
        self.given, self.me = given, me
        self.running: list[Task] = []

    async def turn(self, how_many: int, *, end=completed) -> Turned:
        """End what runs, then claim, then begin what was claimed."""
        ends = [decision(task, end, at=self.given.now)[0] for task in self.running]
        if end is not completed:  # what is offered again goes another way
            await self.given.store.log.append_many(ends)
            ends = []
        turned = await self.given.turn(self.me, wanted(how_many), finished=ends, total=how_many)
        self.running = []
        streams = await self.given.store.log.streams(ids(turned.claimed))
        mine = [task for facts in streams.values() if (task := told(facts)).status == "queued"]
        begun = [self.given.beginning(task, self.me) for task in mine]
        stands = await self.given.turn(self.me, begun=[made for made, _ in begun])
        self.running = [task for _, task in begun if task.id in stands.accepted]
        return turned


def told(facts) -> Task:
    task = remember(fact for fact in facts if isinstance(fact, TaskFact))
    assert task is not None
    return task


async def submit(given: Given, how_many: int) -> list[Task]:
    made = [decision(None, *given.submission(), at=given.now) for _ in range(how_many)]
    await given.store.log.append_many([each for each, _ in made])
    return [task for _, task in made]


async def test_six_lanes_claim_a_thousand_tasks_exactly_once(lanes):
    tasks = await submit(lanes[0].given, 1000)
    claimed: list[object] = []

    async def run(lane: Lane) -> None:
        while turned := ids((await lane.given.turn(lane.me, wanted(25))).claimed):
            claimed.extend(turned)

    await asyncio.gather(*(run(lane) for lane in lanes))
    assert len(claimed) == 1000
    assert set(claimed) == {task.id for task in tasks}


async def test_six_lanes_finish_every_task_once(lanes, database):
    tasks = await submit(lanes[0].given, 600)

    async def run(lane: Lane) -> None:
        while (await lane.turn(20)).claimed or lane.running:
            pass

    await asyncio.gather(*(run(lane) for lane in lanes))
    endings = await asked(
        database.dsn,
        """SELECT originator_id, count(*) FROM arbiter.facts
           WHERE topic = 'task.completed' GROUP BY 1""",
    )
    assert dict(endings) == {task.id: 1 for task in tasks}
    assert await asked(database.dsn, "SELECT FROM arbiter.ready_tasks") == []


class TestLimits:
    LIMIT = 7

    async def test_a_limit_is_never_exceeded(self, lanes, database):
        await lanes[0].given.limited(self.LIMIT)
        await submit(lanes[0].given, 150)
        done, most = asyncio.Event(), 0

        async def watch() -> None:
            nonlocal most
            async with connected(database.dsn) as connection:
                while not done.is_set():
                    cursor = await connection.execute(
                        "SELECT count(*) FROM arbiter.ready_tasks WHERE claimed_by IS NOT NULL"
                    )
                    [[taken]] = await cursor.fetchall()
                    most = max(most, taken)

        async def run(lane: Lane) -> None:
            while await asked(database.dsn, "SELECT FROM arbiter.ready_tasks LIMIT 1"):
                await lane.turn(5)

        watching = asyncio.ensure_future(watch())
        await asyncio.gather(*(run(lane) for lane in lanes))
        done.set()
        await watching
        assert 1 < most <= self.LIMIT
        assert await self.most_running_by_the_log(database) <= self.LIMIT

    async def most_running_by_the_log(self, database) -> int:
        [[most]] = await asked(
            database.dsn,
            """SELECT max(running) FROM (
                   SELECT sum(CASE topic WHEN 'task.started' THEN 1 WHEN 'task.completed' THEN -1
                              ELSE 0 END) OVER (ORDER BY notification_id) AS running
                   FROM arbiter.facts
               ) AS moments""",
        )
        return most

    async def test_an_idle_queue_beside_a_full_one_goes_on(self, lanes):
        given, lane = lanes[0].given, lanes[0]
        await given.limited(1)
        await submit(given, 3)
        other = await given.task(queue="other")
        turned = await given.turn(lane.me, wanted(10), wanted(10, queue="other"))
        assert len(turned.claimed) == 2
        assert other.id in ids(turned.claimed)

    async def test_lanes_that_want_several_limited_queues_do_not_block_each_other(self, lanes):
        queues = [f"queue-{place}" for place in range(4)]
        for queue in queues:
            await lanes[0].given.limited(3, queue=queue)
            for _ in range(20):
                await lanes[0].given.task(queue=queue)
        claimed: list[object] = []

        async def run(lane: Lane) -> None:
            shuffled = random.sample(queues, len(queues))
            turned = await lane.given.turn(lane.me, *(wanted(10, queue=q) for q in shuffled))
            claimed.extend(ids(turned.claimed))

        await asyncio.gather(*(run(lane) for lane in lanes))
        assert len(claimed) == len(set(claimed)) == 3 * len(queues)


class Crowd:
    """Everybody at once at the same few tasks, in no order at all."""

    ROUNDS = 40

    def __init__(self, lanes, chance: random.Random) -> None:
        self.lanes, self.chance = lanes, chance
        self.tasks: list[Task] = []
        self.errors: list[Exception] = []

    def some(self, how_many: int = 6) -> list[object]:
        return [task.id for task in self.chance.sample(self.tasks, how_many)]

    async def everybody(self) -> None:
        await self.fill_up()
        actors = [
            *(self.work(lane) for lane in self.lanes[:2]),
            self.command(self.lanes[2].given, suspended, resumed, cancelled),
            self.command(self.lanes[3].given, suspended, rescheduled, resumed),
            self.reap(self.lanes[4].given),
            self.keep_house(self.lanes[5].given),
            self.let_go(self.lanes[5].given),
        ]
        await asyncio.gather(*(self.again_and_again(actor) for actor in actors))

    async def again_and_again(self, actor) -> None:
        try:
            await actor
        except Exception as error:  # noqa: BLE001
            self.errors.append(error)

    async def fill_up(self) -> None:
        self.tasks = [*self.tasks, *await submit(self.lanes[0].given, 12)][-24:]

    async def work(self, lane: Lane) -> None:
        for _ in range(self.ROUNDS):
            await lane.turn(8, end=self.chance.choice([completed, attempt_failed]))

    async def command(self, given: Given, *steps) -> None:
        for _ in range(self.ROUNDS):
            await self.decide(given, self.some(), self.chance.choice(steps))
            if self.chance.random() < 0.3:
                await self.fill_up()

    async def decide(self, given: Given, task_ids, *steps) -> None:
        entries: list[Entry] = []
        for facts in (await given.store.log.streams(task_ids)).values():
            task = told(facts)
            try:
                made, after = decision(task, *steps, at=given.now)
            except ArbiterError:
                continue
            if after.status == "pending":
                made, _ = entry(
                    task, [*made.facts, *gated.happens(after, at=given.now)], at=given.now
                )
            entries.append(made)
        self.chance.shuffle(entries)
        for outcome in await given.store.log.append_many(entries):
            if isinstance(outcome, Exception) and outcome.code != "conflict":
                self.errors.append(outcome)

    async def reap(self, given: Given) -> None:
        for _ in range(self.ROUNDS):
            victim = self.chance.choice(self.lanes[:2]).me
            running = await given.store.ready.claimed_by(victim, 100)
            await self.decide(given, running, worker_lost)
            await given.store.ready.forget(victim, given.now)

    async def keep_house(self, given: Given) -> None:
        for _ in range(self.ROUNDS):
            await given.store.ready.sweep(given.later(3600))
            await given.store.ready.postpone(
                self.some(), given.now - timedelta(seconds=1), "nobody able"
            )

    async def let_go(self, given: Given) -> None:
        for _ in range(self.ROUNDS):
            worker = self.chance.choice(self.lanes[:2]).me
            await given.store.ready.unclaim(worker, self.some())
            await given.store.ready.handlers_stopped(worker, self.some(), given.now)


async def test_nobody_waits_in_a_circle(database, caplog):
    before = await deadlocks(database.dsn)
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(postgres_store(database)) for _ in range(3)]
        givens = [Given(stores[place % 3]) for place in range(LANES)]
        crowd = Crowd([Lane(given, await given.worker()) for given in givens], random.Random(20_30))
        await crowd.everybody()
    assert crowd.errors == []
    assert "deadlock" not in caplog.text

    async def everybody_has_left() -> bool:
        ours = "datname = current_database() AND application_name = 'arbiter'"
        left = f"SELECT FROM pg_stat_activity WHERE {ours}"
        return not await asked(database.dsn, left)

    await eventually(everybody_has_left)
    assert await deadlocks(database.dsn) == before
    await every_row_tells_its_task(database)


async def every_row_tells_its_task(database) -> None:
    """After all that, the ready rows are what the facts say."""
    async with postgres_store(database) as store:
        rows = await asked(
            database.dsn,
            "SELECT task_id, version, status, priority, run, attempt FROM arbiter.ready_tasks",
        )
        streams = await asked(database.dsn, "SELECT DISTINCT originator_id FROM arbiter.facts")
        everything = await store.log.streams([stream for (stream,) in streams])
    tasks = [told(facts) for facts in everything.values() if isinstance(facts[0], TaskFact)]
    live = {
        (task.id, task.version, str(task.status), task.priority, task.run, task.attempt)
        for task in tasks
        if task.is_live
    }
    assert {(*row[:2], str(row[2]), *row[3:]) for row in rows} == live
