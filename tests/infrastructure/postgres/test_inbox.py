"""Submitting inside a caller's own transaction: both or neither, and nobody else waits."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from arbiter import connect
from arbiter.bootstrap.inbox import Inbox
from arbiter.domain.errors import UnknownKind, UnknownTask
from arbiter.domain.status import Status
from arbiter.testing.contracts.bell import Ear
from arbiter.testing.contracts.given import Given
from tests.support.callers import KIND, nothing_is_left_in_the_inbox, submitting, tasks_in
from tests.support.orchestrating import a_submission, orchestrator
from tests.support.server import asked, connected, holding_the_log, somebody_waits
from tests.support.stores import postgres_store


@pytest.fixture
async def store(database):
    async with postgres_store(database) as store:
        yield store


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
