"""Two schemas of one database neither see nor wake nor delay each other, whatever they are called."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from arbiter import aio
from arbiter.bootstrap.inbox import Inbox
from arbiter.domain.errors import InvalidInput
from arbiter.infrastructure.postgres.migration_errors import SchemaNotMigrated
from arbiter.infrastructure.postgres.migrator import migrate
from arbiter.infrastructure.postgres.roles import grant_runtime_role
from arbiter.testing.builders import completed
from arbiter.testing.contracts.bell import Ear
from arbiter.testing.contracts.given import Given, decision
from tests.support.orchestrating import a_submission, orchestrator
from tests.support.server import asked, connected, holding_the_log, somebody_waits
from tests.support.stores import postgres_store

ODD = "Team-B"
OTHERS = "Team-C"


@pytest.fixture
async def migrated(empty_database):
    for schema in (ODD, OTHERS):
        await asyncio.to_thread(migrate, empty_database.dsn, schema)
    return empty_database


@pytest.fixture
async def here(migrated):
    async with postgres_store(migrated, schema=ODD) as store:
        yield store


@pytest.fixture
async def there(migrated):
    async with postgres_store(migrated, schema=OTHERS) as store:
        yield store


async def test_a_whole_life_passes_in_a_schema_of_an_odd_name(here):
    given = Given(here)
    me = await given.worker()
    await given.agent()
    task = await given.running(me)
    end, _ = decision(task, completed, at=given.now)
    assert (await given.turn(me, finished=[end])).accepted == {task.id}
    assert len(await here.log.stream(task.id)) == 5


async def test_what_happens_here_is_not_seen_there(here, there, migrated):
    task = await Given(here).task()
    assert await there.log.last_position() == 0
    assert list(await there.log.stream(task.id)) == []
    assert await there.ready.row(task.id) is None
    assert await asked(migrated.dsn, f'SELECT count(*) FROM "{OTHERS}".log_times') == [(0,)]


async def test_the_same_key_here_and_there_is_two_tasks(migrated):
    async with (
        aio.connect(migrated.dsn, schema=ODD) as one,
        aio.connect(migrated.dsn, schema=OTHERS) as other,
    ):
        first = await one.submit("letter", 1, any_kind=True, idempotency_key="k")
        second = await other.submit("letter", 2, any_kind=True, idempotency_key="k")
        assert not first.repeated
        assert not second.repeated
        assert (await one.status(first.task_id)).payload == 1
        assert (await other.status(second.task_id)).payload == 2


async def test_a_ring_here_is_not_heard_there(here, there):
    ear = Ear(there.bell)
    near = Ear(here.bell)
    await Given(here).task()
    await near.hears("log", "ready")
    await Given(there).worker()  # rings log, after whatever rang before
    await ear.hears("log")
    assert "ready" not in ear.words


async def test_an_append_that_waits_here_delays_nobody_there(here, there, migrated):
    async with holding_the_log(migrated.dsn, ODD):
        waiting = asyncio.ensure_future(Given(here).task())
        await somebody_waits(migrated.dsn)
        async with asyncio.timeout(1):
            await Given(there).task()
        assert not waiting.done()
    await waiting


async def test_the_inbox_delivers_into_its_own_schema(here, there, migrated):
    async with connected(migrated.dsn) as caller, caller.transaction():
        one = await Inbox(orchestrator(here), ODD).asubmit(a_submission(), caller)
        other = await Inbox(orchestrator(there), OTHERS).asubmit(a_submission(), caller)
    assert await here.ready.row(one.task_id) is not None
    assert await here.ready.row(other.task_id) is None
    assert await there.ready.row(other.task_id) is not None


async def test_a_role_of_one_schema_has_no_business_in_the_other(migrated):
    role = f"runtime_{migrated.name}"
    await asyncio.to_thread(grant_runtime_role, migrated.dsn, ODD, role)
    try:
        async with connected(migrated.dsn) as connection:
            await connection.execute(f"SET ROLE {role}")
            await connection.execute(f'SELECT count(*) FROM "{ODD}".facts')
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(f'SELECT count(*) FROM "{OTHERS}".facts')
    finally:
        await asked(migrated.dsn, f"DROP OWNED BY {role}; DROP ROLE {role}")


async def test_a_schema_that_is_not_there_is_named(migrated):
    with pytest.raises(SchemaNotMigrated, match="Team-D"):
        async with postgres_store(migrated, schema="Team-D"):
            pass


@pytest.mark.parametrize("name", ["", "1st", "pg_mine", 'a"b', "a.b", "a b", "é", "x" * 64])
async def test_a_name_that_sql_would_read_otherwise_is_refused(database, name):
    with pytest.raises(InvalidInput, match="schema"):
        async with postgres_store(database, schema=name):
            pass
