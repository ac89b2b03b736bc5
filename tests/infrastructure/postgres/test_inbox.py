"""Submitting inside a caller's own transaction: both or neither, and nobody else waits."""

from __future__ import annotations

import asyncio
import time
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from psycopg import AsyncClientCursor, AsyncRawCursor, IsolationLevel
from psycopg.rows import class_row, dict_row, kwargs_row, namedtuple_row, scalar_row

from arbiter import aio, connect
from arbiter.application.agents import keyed_task_id
from arbiter.bootstrap.inbox import Inbox
from arbiter.domain.errors import IdempotencyConflict, InvalidInput, UnknownKind, UnknownTask
from arbiter.domain.status import Status
from arbiter.infrastructure.postgres.roles import grant_runtime_role
from arbiter.testing.contracts.bell import Ear
from arbiter.testing.contracts.given import Given
from tests.support.orchestrating import a_submission, orchestrator
from tests.support.server import asked, connected, holding_the_log, somebody_waits
from tests.support.stores import postgres_store
from tests.support.waiting import eventually

KIND = "send-letter"
Order = namedtuple("Order", ["id", "note"])  # noqa: PYI024  any class will do


@pytest.fixture
async def orders(database) -> None:
    """The caller's own table."""
    await asked(database.dsn, "CREATE TABLE public.orders (id int PRIMARY KEY, note text)")
    await asked(database.dsn, "INSERT INTO public.orders VALUES (1, ''), (2, '')")


@pytest.fixture
async def arbiter(database, orders):
    async with aio.connect(database.dsn) as arbiter:
        yield arbiter


@pytest.fixture
async def caller(database, orders):
    async with connected(database.dsn, autocommit=False) as connection:
        yield connection


@pytest.fixture
async def store(database):
    async with postgres_store(database) as store:
        yield store


def submitting(arbiter, connection, payload=None, **options):
    options = {"any_kind": True} | options
    return arbiter.submit(KIND, payload, connection=connection, **options)


async def tasks_in(database) -> list[UUID]:
    rows = await asked(database.dsn, "SELECT task_id FROM arbiter.ready_tasks ORDER BY 1")
    facts = await asked(database.dsn, "SELECT DISTINCT originator_id FROM arbiter.facts ORDER BY 1")
    assert rows == facts, "every task here has facts and a row"
    return [task_id for (task_id,) in rows]


async def nothing_is_left_in_the_inbox(database) -> None:
    assert await asked(database.dsn, "SELECT task_id FROM arbiter.inbox") == []


class TestAtomic:
    async def test_a_commit_makes_both_durable(self, arbiter, caller, database):
        await caller.execute("INSERT INTO public.orders VALUES (3, 'new')")
        submitted = await submitting(arbiter, caller, {"order": 3})
        assert submitted.status is Status.QUEUED
        with pytest.raises(UnknownTask):
            await arbiter.status(submitted.task_id)
        await caller.commit()
        task = await arbiter.status(submitted.task_id)
        assert (task.status, task.payload) == (Status.QUEUED, {"order": 3})
        assert await asked(database.dsn, "SELECT note FROM public.orders WHERE id = 3") == [
            ("new",)
        ]
        await nothing_is_left_in_the_inbox(database)

    async def test_a_rollback_leaves_neither(self, arbiter, caller, database):
        await caller.execute("INSERT INTO public.orders VALUES (3, 'new')")
        await submitting(arbiter, caller)
        await caller.rollback()
        assert await tasks_in(database) == []
        assert await asked(database.dsn, "SELECT FROM public.orders WHERE id = 3") == []
        await nothing_is_left_in_the_inbox(database)

    async def test_a_commit_that_fails_leaves_neither(self, arbiter, caller, database):
        unique_at_commit = (
            "CREATE TABLE public.letters (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)"
        )
        await asked(database.dsn, unique_at_commit)
        await submitting(arbiter, caller)
        await caller.execute("INSERT INTO public.letters VALUES (1), (1)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            await caller.commit()
        assert await tasks_in(database) == []

    async def test_a_savepoint_that_is_rolled_back_takes_its_submission_along(
        self, arbiter, caller, database
    ):
        kept = await submitting(arbiter, caller)
        async with caller.transaction(force_rollback=True):
            await submitting(arbiter, caller)
        await caller.commit()
        assert await tasks_in(database) == [kept.task_id]

    async def test_many_submissions_in_one_transaction_keep_their_order(
        self, arbiter, caller, database
    ):
        submitted = [await submitting(arbiter, caller, place) for place in range(20)]
        await caller.commit()
        positions = [(await arbiter.history(each.task_id))[0].position for each in submitted]
        assert positions == sorted(positions)
        assert len(await tasks_in(database)) == 20

    def test_the_door_for_synchronous_code_does_the_same(self, database):
        with connect(database.dsn) as arbiter, psycopg.connect(database.dsn) as caller:
            kept = submitting(arbiter, caller, {"order": 1})
            caller.commit()
            lost = submitting(arbiter, caller, {"order": 2})
            caller.rollback()
            assert arbiter.status(kept.task_id).payload == {"order": 1}
            with pytest.raises(UnknownTask):
                arbiter.status(lost.task_id)

    async def test_an_unknown_kind_is_refused_before_anything_is_written(self, arbiter, caller):
        with pytest.raises(UnknownKind):
            await submitting(arbiter, caller, any_kind=False)
        assert caller.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


class TestTheTask:
    """What an inbox leads to is what a submission of one's own would have led to."""

    MOMENT = datetime(2031, 1, 1, 12, 0, 0, 123_456, tzinfo=UTC)

    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"priority": 9, "queue": "night", "tenant": "Ärzte"},
            {"requires": {"languages": ["python", "sql"], "specializations": ["x y"]}},
            {"not_before": MOMENT},
            {"hold": "look at it first", "hold_until": MOMENT},
            {"payload": {"text": "é \\ \" ' % {} \n", "n": [1, 2.5, None, True]}},
        ],
        ids=["plain", "elsewhere", "needs", "later", "held", "payload"],
    )
    async def test_its_row_and_facts_are_the_same(self, store, caller, database, options):
        ordered = orchestrator(store)
        command = a_submission(KIND, **options)
        entry, _ = ordered.decide_submission(command)
        await store.log.append(entry)
        submitted = await Inbox(ordered, "arbiter").asubmit(command, caller)
        await caller.commit()
        one, other = [
            await self.told(database, task_id) for task_id in (entry.task_id, submitted.task_id)
        ]
        assert one == other

    async def told(self, database, task_id) -> tuple[object, ...]:
        """A task's row and facts, without what differs between two of them."""
        [row] = await asked(
            database.dsn,
            """SELECT to_jsonb(ready) - 'task_id' - 'submitted_at' FROM arbiter.ready_tasks AS ready
               WHERE task_id = %s""",
            (task_id,),
        )
        facts = await asked(
            database.dsn,
            """SELECT originator_version, topic, convert_from(state, 'UTF8')::jsonb - 'task_id' - 'at'
               FROM arbiter.facts WHERE originator_id = %s ORDER BY 1""",
            (task_id,),
        )
        return row, facts

    async def test_a_held_task_waits_for_a_person(self, arbiter, caller):
        submitted = await submitting(arbiter, caller, hold="look at it first")
        assert submitted.status is Status.HELD
        await caller.commit()
        assert (await arbiter.approve(submitted.task_id)).status is Status.QUEUED

    async def test_workers_and_followers_hear_of_it_at_the_commit(self, store, caller):
        inbox, ear = Inbox(orchestrator(store), "arbiter"), Ear(store.bell)
        await inbox.asubmit(a_submission(), caller)
        await Given(store).task(not_before=datetime.now(UTC) + timedelta(hours=1))
        await ear.hears("log", "later")
        assert "ready" not in ear.words
        await caller.commit()
        await ear.hears("ready")

    async def test_a_task_for_later_rings_later(self, store, caller):
        inbox, ear = Inbox(orchestrator(store), "arbiter"), Ear(store.bell)
        later = datetime.now(UTC) + timedelta(hours=1)
        await inbox.asubmit(a_submission(not_before=later), caller)
        await caller.commit()
        await ear.hears("log", "later")

    def test_a_worker_that_waits_does_it_at_once(self, database):
        with connect(database.dsn, poll_seconds=600) as arbiter:

            @arbiter.agent("clerk", kinds=KIND)
            def send(task):
                return task.payload

            arbiter.start()
            with psycopg.connect(database.dsn) as caller:
                submitted = arbiter.submit(KIND, "hello", connection=caller)
            assert arbiter.wait(submitted.task_id, timeout=10).result == "hello"


class TestNobodyWaits:
    async def test_a_transaction_left_open_delays_no_other_append(self, arbiter, caller):
        left_open = await submitting(arbiter, caller)
        worst = 0.0
        for _ in range(200):
            begun = time.perf_counter()
            await arbiter.submit(KIND, any_kind=True)
            worst = max(worst, time.perf_counter() - begun)
        assert worst < 1.0
        await caller.commit()
        assert (await arbiter.status(left_open.task_id)).status is Status.QUEUED

    async def test_one_left_open_for_ten_seconds_delays_nobody_either(
        self, arbiter, caller, database
    ):
        """No need to wait that long: the server tells that the open transaction holds no lock of ours."""
        await submitting(arbiter, caller, idempotency_key="left open")
        [[pid]] = await (await caller.execute("SELECT pg_backend_pid()")).fetchall()
        locks = await asked(
            database.dsn,
            """SELECT locktype, mode, relation::regclass::text FROM pg_locks
               WHERE pid = %s AND (locktype NOT IN ('relation', 'virtualxid', 'transactionid')
                   OR mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')
                       AND locktype = 'relation')""",
            (pid,),
        )
        assert locks == []

    async def test_callers_who_cross_on_a_row_of_their_own_both_commit(
        self, arbiter, caller, database
    ):
        change = "UPDATE public.orders SET note = note || '.' WHERE id = %s"
        async with connected(database.dsn, autocommit=False) as other:
            await other.execute(change, (1,))
            one = await submitting(arbiter, caller)
            crossing = asyncio.ensure_future(caller.execute(change, (1,)))
            await somebody_waits(database.dsn)
            two = await submitting(arbiter, other)
            await other.commit()
        await crossing
        await caller.commit()
        assert await tasks_in(database) == sorted([one.task_id, two.task_id])

    async def test_nobody_deadlocks_who_commits_while_others_append(
        self, arbiter, caller, database
    ):
        """The log is entered last: a caller in COMMIT waits for the log, and nobody in it waits for him."""
        await caller.execute("SELECT FROM public.orders WHERE id = 1 FOR UPDATE")
        submitted = await submitting(arbiter, caller)
        async with holding_the_log(database.dsn):
            committing = asyncio.ensure_future(caller.commit())
            await somebody_waits(database.dsn)
            others = [asyncio.ensure_future(arbiter.submit(KIND, any_kind=True)) for _ in range(20)]
            await somebody_waits(database.dsn, 2)
        await asyncio.gather(committing, *others)
        assert submitted.task_id in await tasks_in(database)


class TestKeys:
    """The same key again is the same task; it never costs the caller his transaction."""

    async def test_twice_in_one_transaction(self, arbiter, caller, database):
        first = await submitting(arbiter, caller, 1, idempotency_key="k")
        again = await submitting(arbiter, caller, 1, idempotency_key="k")
        assert (again.task_id, again.repeated) == (first.task_id, True)
        await caller.commit()
        assert await tasks_in(database) == [first.task_id]
        assert len(await arbiter.history(first.task_id)) == 2

    async def test_in_two_open_transactions(self, arbiter, caller, database):
        async with connected(database.dsn, autocommit=False) as other:
            one = await submitting(arbiter, caller, 1, idempotency_key="k")
            two = await submitting(arbiter, other, 1, idempotency_key="k")
            await caller.execute("UPDATE public.orders SET note = 'one' WHERE id = 1")
            await other.execute("UPDATE public.orders SET note = 'two' WHERE id = 2")
            await caller.commit()
            await other.commit()
        assert one.task_id == two.task_id
        assert await tasks_in(database) == [one.task_id]
        assert len(await arbiter.history(one.task_id)) == 2
        notes = await asked(database.dsn, "SELECT note FROM public.orders ORDER BY id")
        assert notes == [("one",), ("two",)]
        await nothing_is_left_in_the_inbox(database)

    async def test_in_two_transactions_that_commit_at_once(self, arbiter, caller, database):
        async with connected(database.dsn, autocommit=False) as other:
            one = await submitting(arbiter, caller, 1, idempotency_key="k")
            await submitting(arbiter, other, 1, idempotency_key="k")
            async with holding_the_log(database.dsn):
                commits = [asyncio.ensure_future(each.commit()) for each in (caller, other)]
                await somebody_waits(database.dsn, 2)
            await asyncio.gather(*commits)
        assert await tasks_in(database) == [one.task_id]

    async def test_against_a_task_that_stands(self, arbiter, caller, database):
        first = await arbiter.submit(KIND, 1, any_kind=True, idempotency_key="k")
        again = await submitting(arbiter, caller, 1, idempotency_key="k")
        await caller.execute("INSERT INTO public.orders VALUES (3, 'kept')")
        await caller.commit()
        assert (again.task_id, again.repeated) == (first.task_id, True)
        assert await tasks_in(database) == [first.task_id]
        assert await asked(database.dsn, "SELECT note FROM public.orders WHERE id = 3")

    async def test_against_a_submission_that_overtakes_it(self, arbiter, caller, database):
        left = await submitting(arbiter, caller, 1, idempotency_key="k")
        stands = await arbiter.submit(KIND, 1, any_kind=True, idempotency_key="k")
        again = await submitting(arbiter, caller, 1, idempotency_key="k")
        await caller.commit()
        assert left.task_id == stands.task_id == again.task_id
        assert again.repeated
        assert len(await arbiter.history(left.task_id)) == 2

    @pytest.mark.parametrize(
        "isolation", [IsolationLevel.REPEATABLE_READ, IsolationLevel.SERIALIZABLE]
    )
    async def test_in_a_transaction_that_cannot_see_the_first_task(
        self, arbiter, caller, database, isolation
    ):
        await caller.set_isolation_level(isolation)
        await caller.execute("UPDATE public.orders SET note = 'kept' WHERE id = 1")
        stands = await arbiter.submit(KIND, 1, any_kind=True, idempotency_key="k")
        left = await submitting(arbiter, caller, 1, idempotency_key="k")
        await caller.commit()
        assert left.task_id == stands.task_id
        assert await tasks_in(database) == [stands.task_id]
        assert await asked(database.dsn, "SELECT note FROM public.orders WHERE id = 1") == [
            ("kept",)
        ]

    @pytest.mark.parametrize("where", ["a task that stands", "the same transaction"])
    async def test_another_work_under_the_same_key_is_refused_and_the_caller_goes_on(
        self, arbiter, caller, database, where
    ):
        if where == "a task that stands":
            await arbiter.submit(KIND, 1, any_kind=True, idempotency_key="k")
        else:
            await submitting(arbiter, caller, 1, idempotency_key="k")
        before = await (await caller.execute("SELECT count(*) FROM arbiter.inbox")).fetchall()
        with pytest.raises(IdempotencyConflict):
            await submitting(arbiter, caller, 2, idempotency_key="k")
        after = await (await caller.execute("SELECT count(*) FROM arbiter.inbox")).fetchall()
        assert before == after
        await caller.execute("UPDATE public.orders SET note = 'kept' WHERE id = 1")
        await caller.commit()
        assert (await arbiter.status(keyed_task_id("default", "k"))).payload == 1
        assert await asked(database.dsn, "SELECT note FROM public.orders WHERE id = 1") == [
            ("kept",)
        ]


class TestConnections:
    async def test_autocommit_outside_a_transaction_is_refused(self, arbiter, caller, database):
        await caller.set_autocommit(True)
        with pytest.raises(InvalidInput, match="autocommit mode, outside any transaction"):
            await submitting(arbiter, caller)
        assert await tasks_in(database) == []

    async def test_autocommit_inside_a_transaction_is_welcome(self, arbiter, caller, database):
        await caller.set_autocommit(True)
        async with caller.transaction():
            submitted = await submitting(arbiter, caller)
        assert await tasks_in(database) == [submitted.task_id]

    def test_so_is_it_for_synchronous_code(self, database):
        with (
            connect(database.dsn) as arbiter,
            psycopg.connect(database.dsn, autocommit=True) as caller,
        ):
            with pytest.raises(InvalidInput, match="autocommit mode"):
                submitting(arbiter, caller)
            with caller.transaction():
                submitted = submitting(arbiter, caller)
            assert arbiter.status(submitted.task_id).status is Status.QUEUED

    async def test_a_transaction_that_has_failed_is_refused(self, arbiter, caller):
        with pytest.raises(psycopg.errors.DivisionByZero):
            await caller.execute("SELECT 1 / 0")
        with pytest.raises(InvalidInput, match="roll it back first"):
            await submitting(arbiter, caller)

    async def test_a_closed_connection_is_refused(self, arbiter, caller):
        await caller.close()
        with pytest.raises(InvalidInput, match="it is closed"):
            await submitting(arbiter, caller)

    async def test_something_else_is_refused(self, arbiter):
        with pytest.raises(InvalidInput, match="not a psycopg connection"):
            await submitting(arbiter, "postgresql://somewhere")

    async def test_each_door_refuses_the_other_s_connection(self, arbiter, caller, database):
        with psycopg.connect(database.dsn) as blocking:
            with pytest.raises(InvalidInput, match="not for asyncio"):
                await submitting(arbiter, blocking)
            with connect(database.dsn) as other_door:
                refused = asyncio.to_thread(submitting, other_door, caller)
                with pytest.raises(InvalidInput, match="for asyncio"):
                    await refused

    @pytest.mark.parametrize(
        "factory",
        [dict_row, namedtuple_row, scalar_row, class_row(Order), kwargs_row(dict)],
        ids=["dict", "namedtuple", "scalar", "class", "kwargs"],
    )
    async def test_the_caller_s_kind_of_rows_does_not_matter(
        self, arbiter, caller, database, factory
    ):
        caller.row_factory = factory
        first = await submitting(arbiter, caller, 1, idempotency_key="k")
        await caller.commit()
        again = await submitting(arbiter, caller, 1, idempotency_key="k")
        await caller.commit()
        assert (again.task_id, again.repeated) == (first.task_id, True)
        assert caller.row_factory is factory

    @pytest.mark.parametrize("cursor", [AsyncClientCursor, AsyncRawCursor])
    async def test_nor_does_the_kind_of_cursors(self, arbiter, caller, database, cursor):
        caller.cursor_factory = cursor
        submitted = await submitting(arbiter, caller, "50 %s", idempotency_key="100 % k")
        await caller.commit()
        assert await tasks_in(database) == [submitted.task_id]

    async def test_nor_does_a_pipeline(self, arbiter, caller, database):
        async with caller.pipeline():
            await caller.execute("UPDATE public.orders SET note = 'kept' WHERE id = 1")
            submitted = await submitting(arbiter, caller, idempotency_key="k")
            await caller.commit()
        assert await tasks_in(database) == [submitted.task_id]

    @pytest.mark.parametrize("path", ["public", "nowhere", "hostile, public, pg_catalog"])
    async def test_nor_does_the_search_path(self, arbiter, caller, database, path):
        await asked(
            database.dsn,
            """CREATE SCHEMA hostile;
               CREATE TABLE hostile.facts (); CREATE TABLE hostile.inbox ();
               CREATE TABLE hostile.ready_tasks (); CREATE TABLE hostile.log_times ();
               CREATE FUNCTION hostile.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql
               AS 'BEGIN RAISE EXCEPTION $$hostile$$; END';
               CREATE FUNCTION hostile.max(bigint) RETURNS bigint LANGUAGE plpgsql
               AS 'BEGIN RAISE EXCEPTION $$hostile$$; END'""",
        )
        await caller.execute(f"SET search_path = {path}")
        submitted = await submitting(arbiter, caller, idempotency_key="k")
        await submitting(arbiter, caller, idempotency_key="k")
        await caller.commit()
        assert await tasks_in(database) == [submitted.task_id]
        cursor = await caller.execute("SHOW search_path")
        assert await cursor.fetchall() == [(path,)]

    async def test_a_caller_of_another_role_needs_no_more_than_that_role_has(
        self, arbiter, caller, database
    ):
        role = f"caller_{database.name}"
        await asyncio.to_thread(grant_runtime_role, database.dsn, "arbiter", role)
        try:
            await caller.execute(f"SET ROLE {role}")
            submitted = await submitting(arbiter, caller, idempotency_key="k")
            await caller.commit()
            assert await tasks_in(database) == [submitted.task_id]
        finally:
            await caller.execute("RESET ROLE")
            await caller.commit()
            await asked(database.dsn, f"DROP OWNED BY {role}; DROP ROLE {role}")

    async def test_a_server_that_goes_away_before_the_commit_leaves_neither(
        self, arbiter, caller, database
    ):
        await submitting(arbiter, caller)
        [[pid]] = await (await caller.execute("SELECT pg_backend_pid()")).fetchall()
        await asked(database.dsn, "SELECT pg_terminate_backend(%s)", (pid,))
        with pytest.raises(psycopg.OperationalError):
            await caller.commit()

        async def gone() -> bool:
            return not await asked(
                database.dsn, "SELECT FROM pg_stat_activity WHERE pid = %s", (pid,)
            )

        await eventually(gone)
        assert await tasks_in(database) == []
