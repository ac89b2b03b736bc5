"""Projecting on PostgreSQL: races, faults and frozen leaders, as they really happen."""

import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

import psycopg
import pytest

from arbiter.domain.errors import Unavailable
from arbiter.infrastructure.memory.views import MemoryViews
from arbiter.projections.base import Batch
from arbiter.projections.catalogue import PROJECTIONS
from arbiter.projections.stats import Stats
from arbiter.projections.task_board import TaskBoard
from arbiter.projections.task_line import TaskLine
from arbiter.runtime.projecting import Projecting
from arbiter.runtime.scheduler import AsyncioScheduler
from arbiter.testing.builders import NOON, a_task
from arbiter.testing.clock import FrozenClock
from arbiter.testing.contracts.views import Viewed
from arbiter.testing.random_log import RandomLog
from tests.support.stores import postgres_store

NAMES = tuple(projection.name for projection in PROJECTIONS)
CLOCK = FrozenClock(NOON)


@pytest.fixture
async def viewed(database):
    async with postgres_store(database, CLOCK) as store:
        yield Viewed(store.log, store.views, CLOCK)


async def same_as_at_once(viewed):
    at_once = Viewed(viewed.log, MemoryViews(viewed.log, CLOCK), CLOCK)
    await at_once.project(most=10_000)
    told, expected = await viewed.rows(), await at_once.rows()
    return told == expected


def ask(database, statement):
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        return connection.execute(statement).fetchall()


def change(database, statement):
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(statement)


async def test_four_projectors_at_once_take_each_fact_once(database):
    async with AsyncExitStack() as stack:
        stores = [
            await stack.enter_async_context(postgres_store(database, CLOCK)) for _ in range(4)
        ]
        grown = RandomLog(1)

        async def follow(store):
            projecting = Projecting(
                PROJECTIONS,
                store.views.ledger,
                store.log,
                clock=CLOCK,
                scheduler=AsyncioScheduler(),
            )
            while not done.is_set() or set((await store.views.lag()).values()) != {0}:
                await projecting.run_once(7)
            await projecting.close()

        done = asyncio.Event()
        following = [asyncio.create_task(follow(store)) for store in stores]
        for _ in range(20):
            await stores[0].log.append_facts(grown.grow(20))
        done.set()
        await asyncio.gather(*following)
        viewed = Viewed(stores[0].log, stores[0].views, CLOCK)
        assert len(await viewed.audit()) == len(grown.facts)
        assert await same_as_at_once(viewed)


async def test_gaps_in_the_log_are_passed(viewed, database):
    grown = RandomLog(2)
    for _ in range(10):
        await viewed.append(*grown.grow(10))
        ask(database, "SELECT nextval('arbiter.facts_notification_id_seq')")
    await viewed.project(most=3)
    assert len(await viewed.audit()) == len(grown.facts)
    assert await viewed.views.lag() == dict.fromkeys(NAMES, 0)


async def test_a_row_that_the_table_refuses_stops_its_own_projection_alone(viewed, database):
    await viewed.tell(a_task().queued())
    change(database, "ALTER TABLE arbiter.stats_minutes ADD CHECK (completed < 1)")
    await viewed.tell(
        a_task(task_id=uuid4()).queued(), a_task(task_id=uuid4()).completed(), most=100
    )
    states = {state.name: state for state in await viewed.views.projections()}
    stopped = states.pop(Stats.name)
    assert "CheckViolation" in stopped.error
    assert stopped.position == stopped.error_position - 1
    assert {(state.behind, state.error) for state in states.values()} == {(0, None)}
    assert len(await viewed.audit()) == 9
    change(
        database, "ALTER TABLE arbiter.stats_minutes DROP CONSTRAINT stats_minutes_completed_check"
    )
    assert await viewed.views.ledger.retry(Stats.name)
    await viewed.project()
    assert await same_as_at_once(viewed)


async def test_without_the_board_the_others_learn_of_tasks_from_the_log(viewed):
    grown = RandomLog(4)
    await viewed.append(*grown.grow(50))
    await viewed.project()
    async with viewed.views.ledger.lead(NAMES) as writing:
        await writing.stop(TaskBoard.name, 1, "stopped by hand", NOON)
    await viewed.append(*grown.grow(100))
    await viewed.project(most=20)
    lag = await viewed.views.lag()
    assert lag.pop(TaskBoard.name) > 0
    assert set(lag.values()) == {0}
    await viewed.views.ledger.retry(TaskBoard.name)
    await viewed.project(most=20)
    assert await same_as_at_once(viewed)


async def test_a_leader_that_freezes_loses_the_views_to_another(database):
    async with postgres_store(database, CLOCK) as frozen, postgres_store(database, CLOCK) as other:
        await other.log.append_facts(a_task().completed().facts)
        batch = Batch(await other.log.read(0, 100), {})
        with pytest.raises(Unavailable):  # noqa: PT012 - its end is what raises
            async with frozen.views.ledger.lead(NAMES) as writing:
                changes = {projection.name: projection.fold(batch) for projection in PROJECTIONS}
                await writing.write(changes, batch.last_position)
                viewed = Viewed(other.log, other.views, CLOCK)
                async with asyncio.timeout(30):
                    while set((await other.views.lag()).values()) != {0}:
                        await viewed.project()  # finds nothing to do until the server lets go
        assert len(await viewed.audit()) == 5
        assert await same_as_at_once(viewed)


async def test_a_connection_lost_half_way_is_no_fact_s_fault(viewed, database):
    await viewed.append(*a_task().completed().facts)
    batch = Batch(await viewed.log.read(0, 100), {})
    with pytest.raises(Unavailable):  # noqa: PT012 - where is no matter
        async with viewed.views.ledger.lead(NAMES) as writing:
            ask(
                database,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND state = 'idle in transaction'",
            )
            changes = {projection.name: projection.fold(batch) for projection in PROJECTIONS}
            await writing.write(changes, batch.last_position)
    assert await viewed.board() == []
    await viewed.project()
    assert len(await viewed.board()) == 1


def test_the_board_s_columns_are_a_line_s_fields(database):
    columns = ask(
        database,
        "SELECT attname FROM pg_attribute WHERE attrelid = 'arbiter.task_board'::regclass"
        " AND attnum > 0 ORDER BY attnum",
    )
    assert [name for (name,) in columns] == list(TaskLine.__struct_fields__)
