"""Group commit on a real server: batches, offenders, callers who leave, replies that get lost."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import psycopg
import pytest

from arbiter.domain.errors import Conflict, Stopped, Unavailable
from arbiter.infrastructure.postgres import committer
from arbiter.testing.builders import (
    NOON,
    cancelled,
    gated,
    redriven,
    rescheduled,
    resumed,
    submitted,
    suspended,
)
from arbiter.testing.contracts.given import Given, decision, ids, wanted
from tests.support.server import asked, deadlocks, holding_the_log, somebody_waits, versions_of
from tests.support.stores import postgres_store
from tests.support.waiting import eventually


def submissions(given, how_many, **details):
    return [decision(None, *given.submission(**details), at=given.now) for _ in range(how_many)]


async def commits(database) -> int:
    [[appends]] = await asked(database.dsn, "SELECT count(*) FROM arbiter.log_times")
    return appends


class TestBatches:
    async def test_decisions_that_come_together_are_committed_together(
        self, store, given, database
    ):
        made = submissions(given, 2 * committer.MOST)
        outcomes = await store.log.append_many([entry for entry, _ in made])
        assert all(isinstance(outcome, int) for outcome in outcomes)
        assert await commits(database) == 2
        assert len(await store.log.read(0, 5000)) == 2 * 2 * committer.MOST

    async def test_callers_who_come_while_one_batch_commits_share_the_next(
        self, store, given, database
    ):
        made = [entry for entry, _ in submissions(given, 100)]
        async with holding_the_log(database.dsn):
            first = [asyncio.ensure_future(store.log.append(entry)) for entry in made[:2]]
            await somebody_waits(database.dsn)
            rest = [asyncio.ensure_future(store.log.append(entry)) for entry in made[2:]]
        await asyncio.gather(*first, *rest)
        assert await commits(database) <= 4

    async def test_two_batches_with_the_same_keys_in_another_order_do_not_wait_in_a_circle(
        self, store, given, database
    ):
        before = await deadlocks(database.dsn)
        async with postgres_store(database) as other:
            for _ in range(10):
                ids = [uuid4() for _ in range(100)]
                made = [
                    decision(None, *given.submission(task_id=task_id, idempotency_key="k"), at=NOON)
                    for task_id in ids
                ]
                entries = [entry for entry, _ in made]
                ours, theirs = await asyncio.gather(
                    store.log.append_many(entries), other.log.append_many(entries[::-1])
                )
                for one, another in zip(ours, reversed(theirs), strict=True):
                    assert {type(one), type(another)} == {int, Conflict}
        assert await deadlocks(database.dsn) == before

    async def test_a_repeated_key_does_not_wait_for_a_turn_that_waits_for_the_log(
        self, store, given, database
    ):
        keyed = decision(None, *given.submission(task_id=uuid4(), idempotency_key="k"), at=NOON)[0]
        await self._repeated_beside_a_turn(keyed, store, given, database)

    async def test_a_stale_redrive_does_not_wait_for_a_turn_that_waits_for_the_log(
        self, store, given, database
    ):
        once_more = decision(await given.parked(), redriven, gated, at=NOON)[0]
        await self._repeated_beside_a_turn(once_more, store, given, database)

    async def _repeated_beside_a_turn(self, made, store, given, database):
        """The turn claims the row that the repeat is about, and begins another task."""
        before = await deadlocks(database.dsn)
        me, ours = await given.worker(), await given.task()
        await given.claimed(me)
        begun, _ = given.beginning(ours, me)
        await store.log.append(made)
        async with postgres_store(database) as other:
            async with holding_the_log(database.dsn):
                repeat = asyncio.ensure_future(other.log.append(made))
                await somebody_waits(database.dsn)
                turn = asyncio.ensure_future(given.turn(me, wanted(), begun=[begun]))
                await somebody_waits(database.dsn, 2)
            turned, refused = await asyncio.gather(turn, repeat, return_exceptions=True)
        assert isinstance(refused, Conflict)
        assert ids(turned.claimed) == [made.task_id]
        assert turned.accepted == {ours.id}
        assert await deadlocks(database.dsn) == before

    async def test_two_redrives_of_the_same_tasks_in_another_order_do_not_either(
        self, store, given, database
    ):
        before = await deadlocks(database.dsn)
        async with postgres_store(database) as other:
            parked = [await given.parked() for _ in range(50)]
            entries = [decision(task, redriven, gated, at=NOON)[0] for task in parked]
            ours, theirs = await asyncio.gather(
                store.log.append_many(entries), other.log.append_many(entries[::-1])
            )
            for one, another in zip(ours, reversed(theirs), strict=True):
                assert {type(one), type(another)} == {int, Conflict}
        assert await deadlocks(database.dsn) == before

    async def test_only_the_offender_of_a_batch_fails(self, store, given, database):
        taken = await given.task()
        made = [entry for entry, _ in submissions(given, 299)]
        offender, _ = decision(None, *given.submission(task_id=taken.id), at=given.now)
        made.insert(123, offender)
        outcomes = await store.log.append_many(made)
        assert isinstance(outcomes.pop(123), Conflict)
        assert all(isinstance(outcome, int) for outcome in outcomes)
        [[tasks]] = await asked(database.dsn, "SELECT count(*) FROM arbiter.ready_tasks")
        assert tasks == 300

    async def test_a_stale_decision_leaves_the_others_of_its_batch_alone(
        self, store, given, database
    ):
        tasks = [await given.task() for _ in range(5)]
        await given.then(tasks[2], rescheduled)
        before = await commits(database)
        made = [decision(task, suspended, at=given.now)[0] for task in tasks]
        outcomes = await store.log.append_many(made)
        assert [isinstance(outcome, Conflict) for outcome in outcomes] == [
            False, False, True, False, False,
        ]  # fmt: skip
        assert await commits(database) == before + 1

    async def test_decisions_about_one_task_are_written_in_the_order_they_came(self, store, given):
        for _ in range(20):
            task = await given.task()
            chain, after = [], task
            for steps in ((suspended,), (resumed, gated), (rescheduled,), (cancelled,)):
                made, after = decision(after, *steps, at=given.now)
                chain.append(made)
            outcomes = await store.log.append_many(chain)
            assert all(isinstance(outcome, int) for outcome in outcomes), outcomes
            assert outcomes == sorted(outcomes)

    async def test_two_submissions_of_one_id_in_one_batch_make_one_task(self, store, given):
        task_id = uuid4()
        made = [
            decision(None, submitted(task_id=task_id, priority=priority), gated, at=given.now)[0]
            for priority in (1, 2)
        ]
        first, second = await store.log.append_many(made)
        assert isinstance(first, int)
        assert isinstance(second, Conflict)
        assert (await store.ready.row(task_id)).priority == 1


class TestCallers:
    async def test_a_command_whose_caller_has_left_stands(self, store, given, database):
        made, task = decision(None, *given.submission(), at=given.now)
        async with holding_the_log(database.dsn):
            caller = asyncio.ensure_future(store.log.append(made))
            await somebody_waits(database.dsn)
            caller.cancel()
            with pytest.raises(asyncio.CancelledError):
                await caller
        await eventually(lambda: store.ready.row(task.id))

    async def test_so_does_one_whose_turn_had_not_come(self, store, given, database):
        (first, _), (second, task) = submissions(given, 2)
        async with holding_the_log(database.dsn):
            committing = asyncio.ensure_future(store.log.append(first))
            await somebody_waits(database.dsn)
            waiting = asyncio.ensure_future(store.log.append(second))
            await asyncio.sleep(0)
            waiting.cancel()
        await committing
        await eventually(lambda: store.ready.row(task.id))

    async def test_enough_decisions_are_committed_beside_the_batch_under_way(
        self, store, given, database
    ):
        made = [entry for entry, _ in submissions(given, 1 + committer.WORTH_A_LANE)]
        async with holding_the_log(database.dsn):
            first = asyncio.ensure_future(store.log.append(made[0]))
            await somebody_waits(database.dsn, 1)
            others = asyncio.ensure_future(store.log.append_many(made[1:]))
            await somebody_waits(database.dsn, 2)
        await first
        assert all(isinstance(outcome, int) for outcome in await others)

    async def test_the_others_of_its_batch_do_not_notice(self, store, given, database):
        made = submissions(given, 10)
        async with holding_the_log(database.dsn):
            callers = [asyncio.ensure_future(store.log.append(entry)) for entry, _ in made]
            await somebody_waits(database.dsn)
            callers[3].cancel()
        outcomes = await asyncio.gather(*callers, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes].count(int) == 9

    async def test_stopping_commits_what_waits_and_takes_no_more(self, database):
        async with postgres_store(database) as store:
            given = Given(store)
            made = [entry for entry, _ in submissions(given, 700)]
            appends = asyncio.ensure_future(store.log.append_many(made))
            await asyncio.sleep(0)
        assert all(isinstance(outcome, int) for outcome in await appends)
        with pytest.raises(Stopped):
            await store.log.append(decision(None, *given.submission(), at=given.now)[0])


class TestRefusals:
    """What the server refuses is told to every caller, in our own words."""

    @pytest.fixture
    def refusing(self, database):
        async def refuse(sqlstate: str) -> None:
            await asked(
                database.dsn,
                f"""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE EXCEPTION 'out of it' USING ERRCODE = '{sqlstate}'; END $$;
                    CREATE TRIGGER refuse BEFORE INSERT ON arbiter.facts
                    EXECUTE FUNCTION refuse()""",
            )

        return refuse

    @pytest.mark.parametrize(
        "sqlstate",
        ["53100", "53200", "25006", "42501", "57014"],
        ids=["disk full", "out of memory", "read-only", "no right", "cancelled"],
    )
    async def test_an_append_that_the_server_refuses_is_unavailable_at_once(
        self, store, given, database, refusing, sqlstate
    ):
        await refusing(sqlstate)
        made = [entry for entry, _ in submissions(given, 3)]
        outcomes = await store.log.append_many(made)
        assert [str(outcome) for outcome in outcomes] == ["database: out of it"] * 3
        assert [type(outcome) for outcome in outcomes] == [Unavailable] * 3
        await asked(database.dsn, "DROP TRIGGER refuse ON arbiter.facts")
        assert all(isinstance(outcome, int) for outcome in await store.log.append_many(made))

    async def test_a_deadlock_with_others_is_tried_again(self, store, given, database, refusing):
        await refusing("40P01")
        append = asyncio.ensure_future(given.task())
        await asked(database.dsn, "DROP TRIGGER refuse ON arbiter.facts")
        task = await append
        assert await versions_of(database.dsn, task.id) == [1, 2]

    async def test_an_error_while_a_lost_reply_is_followed_up_is_an_answer_too(
        self, store, given, monkeypatch
    ):
        with monkeypatch.context() as broken:
            broken.setattr(committer.Committer, "_append", raising(psycopg.OperationalError("cut")))
            broken.setattr(committer.Committer, "_fates", raising(psycopg.InternalError("broken")))
            made = submissions(given, 2 * committer.LANES)
            for entry, _ in made:
                with pytest.raises(psycopg.InternalError):
                    await asyncio.wait_for(store.log.append(entry), 10)
        for entry, _ in made:
            assert await store.log.append(entry) > 0


def raising(error):
    async def fail(*_):
        raise error

    return fail
