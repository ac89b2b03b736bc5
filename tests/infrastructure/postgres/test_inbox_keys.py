"""The same key again is the same task; it never costs a caller his transaction."""

from __future__ import annotations

import asyncio

import pytest
from psycopg import IsolationLevel

from arbiter.application.agents import keyed_task_id
from arbiter.domain.errors import IdempotencyConflict
from tests.support.callers import KIND, nothing_is_left_in_the_inbox, submitting, tasks_in
from tests.support.server import asked, connected, holding_the_log, somebody_waits


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
