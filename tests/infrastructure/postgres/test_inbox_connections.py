"""Whatever a caller has set on his connection, it serves; or the refusal says why not."""

from __future__ import annotations

import asyncio
from collections import namedtuple

import psycopg
import pytest
from psycopg import AsyncClientCursor, AsyncRawCursor
from psycopg.rows import class_row, dict_row, kwargs_row, namedtuple_row, scalar_row

from arbiter import connect
from arbiter.domain.errors import InvalidInput
from arbiter.domain.status import Status
from arbiter.infrastructure.postgres.roles import grant_runtime_role
from tests.support.callers import submitting, tasks_in
from tests.support.server import asked
from tests.support.waiting import eventually

Order = namedtuple("Order", ["id", "note"])  # noqa: PYI024  any class will do


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
