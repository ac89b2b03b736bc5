"""What happened is never changed: not by the owner by mistake, and not by the runtime role at all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from arbiter import connect
from arbiter.bootstrap.inbox import Inbox
from arbiter.infrastructure.postgres.recorder import event_store, remembered
from arbiter.infrastructure.postgres.roles import grant_runtime_role
from arbiter.testing.builders import (
    attempt_failed,
    cancelled,
    completed,
    gated,
    redriven,
    rescheduled,
    resumed,
    suspended,
)
from arbiter.testing.contracts.given import Given, decision, wanted
from tests.support.database import Database
from tests.support.orchestrating import a_submission, orchestrator
from tests.support.server import asked, connected
from tests.support.stores import postgres_store

CHANGES = [
    "UPDATE arbiter.{table} SET {column} = {value}",
    "DELETE FROM arbiter.{table}",
    "DELETE FROM arbiter.{table} WHERE false",
    "TRUNCATE arbiter.{table}",
    "TRUNCATE arbiter.{table} RESTART IDENTITY CASCADE",
    """INSERT INTO arbiter.{table} SELECT * FROM arbiter.{table}
       ON CONFLICT ({key}) DO UPDATE SET {column} = {value}""",
    """MERGE INTO arbiter.{table} AS old USING arbiter.{table} AS new ON old.{column} = new.{column}
       WHEN MATCHED THEN DELETE""",
]
FACTS = {
    "table": "facts",
    "column": "topic",
    "value": "'other'",
    "key": "originator_id, originator_version",
}
LOG_TIMES = {"table": "log_times", "column": "at", "value": "'2000-01-01'", "key": "position"}


@dataclass(frozen=True)
class Settled(Database):
    """A database with one task in its log, which nobody is able to change."""

    runtime_dsn: str


@contextmanager
def runtime_of(database: Database) -> Iterator[str]:
    """Make a role that may do what running needs; tell how to connect as it."""
    role, password = f"runtime_{database.name}", "only-for-this-test"
    with psycopg.connect(database.dsn, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
        grant_runtime_role(database.dsn, "arbiter", role)
        yield make_conninfo(database.dsn, user=role, password=password)
        owner.execute(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


@pytest.fixture(scope="module")
def settled(databases) -> Iterator[Settled]:
    with databases.migrated() as database, runtime_of(database) as runtime_dsn:
        with psycopg.connect(database.dsn) as owner:
            owner.execute(
                """INSERT INTO arbiter.facts (originator_id, originator_version, topic, state)
                   VALUES (gen_random_uuid(), 1, 'task.submitted', '{}')"""
            )
            owner.execute("INSERT INTO arbiter.log_times VALUES (1, clock_timestamp())")
        yield Settled(database.name, database.dsn, runtime_dsn)


@pytest.fixture
def runtime(database) -> Iterator[Database]:
    """A fresh database for a role that may do what running needs."""
    with runtime_of(database) as dsn:
        yield Database(database.name, dsn)


async def log_of(database) -> list[object]:
    facts = "SELECT f::text FROM arbiter.facts AS f"
    times = "SELECT t::text FROM arbiter.log_times AS t"
    return await asked(database.dsn, f"{facts} UNION ALL {times} ORDER BY 1")


class TestTheLog:
    @pytest.mark.parametrize("table", [FACTS, LOG_TIMES], ids=lambda table: table["table"])
    @pytest.mark.parametrize("change", CHANGES)
    async def test_no_change_is_possible_even_for_its_owner(self, settled, change, table):
        before = await log_of(settled)
        with pytest.raises(errors.InsufficientPrivilege, match="the log is append-only"):
            await asked(settled.dsn, change.format(**table))
        assert await log_of(settled) == before

    async def test_nor_is_one_through_a_prepared_cursor_of_the_owner(self, settled):
        async with connected(settled.dsn, autocommit=False) as connection:
            await connection.execute(
                "DECLARE found CURSOR FOR SELECT topic FROM arbiter.facts FOR UPDATE"
            )
            await connection.execute("FETCH found")
            with pytest.raises(errors.InsufficientPrivilege):
                await connection.execute("DELETE FROM arbiter.facts WHERE CURRENT OF found")


class TestTheRuntimeRole:
    async def test_it_runs_a_whole_life_of_a_task(self, runtime):
        async with postgres_store(runtime) as store:
            given = Given(store)
            await given.agent(languages=("python",))
            await given.limited(100)
            me = await given.worker()
            await store.leases.beat(me)
            task = await given.running(me)
            task = await given.then(task, attempt_failed)
            task = await given.then(task, suspended)
            task = await given.then(task, resumed, gated)
            await store.ready.sweep(given.later(3600))
            [claimed] = (await given.turn(me, wanted())).claimed
            assert claimed.task_id == task.id
            begun, task = given.beginning(task, me)
            await given.turn(me, begun=[begun])
            end, task = decision(task, completed, at=given.now)
            assert (await given.turn(me, finished=[end])).accepted == {task.id}
            assert [fact.version for fact in await store.log.stream(task.id)] == list(
                range(1, task.version + 1)
            )

    async def test_it_does_everything_else_that_running_needs(self, runtime):
        async with postgres_store(runtime) as store:
            given, now = Given(store), Given(store).now
            await given.agent()
            me, other = await given.worker(), await given.worker()
            parked = await given.parked()
            await given.then(await given.then(parked, redriven, gated), rescheduled, cancelled)
            await given.task(requirements={"languages": ("rust",)})
            [stuck] = await store.ready.unroutable(10)
            await store.ready.postpone(
                [stuck.task_id], now + timedelta(hours=1), stuck.set_aside or ""
            )
            await store.ready.offer_set_aside(10)
            await store.ready.overdue(now, 10)
            await store.ready.waiting_since(now, 10)
            task = await given.task()
            await given.claimed(other)
            await store.ready.unclaim(other, [task.id])
            await store.ready.handlers_stopped(other, [task.id], now)
            await store.leases.mark_lost(given.lost(other))
            await store.ready.forget(other, now)
            await store.leases.rescued(other)
            await store.leases.leave(given.left(me))
            await store.log.barrier(me)

    async def test_it_leaves_work_in_the_inbox(self, runtime):
        async with postgres_store(runtime) as store, connected(runtime.dsn) as caller:
            inbox = Inbox(orchestrator(store), "arbiter")
            async with caller.transaction():
                submitted = await inbox.asubmit(a_submission(idempotency_key="k"), caller)
            assert (await store.ready.row(submitted.task_id)).status == "queued"

    async def test_it_serves_the_kernel(self, runtime):
        from eventsourcing.application import Repository

        async with postgres_store(runtime) as store:
            task = await Given(store).task()
        events = await asyncio.to_thread(event_store, runtime.dsn, "arbiter")
        known = await asyncio.to_thread(Repository(events).get, task.id, projector_func=remembered)
        await asyncio.to_thread(events.recorder.datastore.close)
        assert known == task

    def test_a_worker_and_its_views_run_as_it(self, runtime):
        with connect(runtime.dsn) as arbiter:

            @arbiter.agent("echo", kinds="echo")
            def echo(task):
                return task.payload

            arbiter.start()
            submitted = arbiter.submit("echo", 1)
            assert arbiter.wait(submitted.task_id, timeout=10).result == 1
            arbiter.stats()

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE arbiter.facts SET topic = 'other'",
            "DELETE FROM arbiter.facts",
            "TRUNCATE arbiter.facts",
            "UPDATE arbiter.log_times SET at = at",
            "ALTER TABLE arbiter.facts DISABLE TRIGGER ALL",
            "ALTER TABLE arbiter.facts DISABLE TRIGGER facts_are_never_changed",
            "DROP TRIGGER facts_are_never_changed ON arbiter.facts",
            "SET session_replication_role = replica",
            """CREATE OR REPLACE FUNCTION arbiter.refuse_change() RETURNS trigger
               LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'""",
            """CREATE OR REPLACE FUNCTION arbiter.enter_log() RETURNS timestamptz
               LANGUAGE sql AS 'SELECT clock_timestamp()'""",
            "SELECT setval(pg_get_serial_sequence('arbiter.facts', 'notification_id'), 1)",
            "ALTER TABLE arbiter.facts OWNER TO CURRENT_USER",
            "CREATE RULE hide AS ON INSERT TO arbiter.facts DO INSTEAD NOTHING",
            "DROP SCHEMA arbiter CASCADE",
            "INSERT INTO arbiter.migrations VALUES (9999, '', '', clock_timestamp())",
        ],
    )
    async def test_it_cannot_change_what_happened(self, settled, sql):
        before = await log_of(settled)
        with pytest.raises(errors.InsufficientPrivilege):
            await asked(settled.runtime_dsn, sql)
        assert await log_of(settled) == before
