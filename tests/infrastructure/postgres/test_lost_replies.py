"""Replies that get lost on the way, and a database that is away: nothing lost, nothing doubled."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from arbiter.domain.errors import Conflict, Unavailable
from arbiter.infrastructure.postgres import committer
from arbiter.testing.builders import rescheduled, suspended
from arbiter.testing.contracts.given import Given, decision
from tests.support.proxy import Proxy
from tests.support.server import asked, holding, holding_the_log, somebody_waits, versions_of
from tests.support.stores import postgres_store
from tests.support.waiting import eventually


def submissions(given, how_many, **details):
    return [decision(None, *given.submission(**details), at=given.now) for _ in range(how_many)]


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(committer, "RECONNECT_SECONDS", (0.01,) * 20)


@pytest.fixture
async def proxy(database):
    async with Proxy(database.dsn).serving() as proxy:
        yield proxy


@pytest.fixture
async def far(proxy, impatient):
    """A store behind a network that can be cut."""
    async with postgres_store(proxy) as store:
        await Given(store).task()  # its statement is prepared from now on
        yield store


@pytest.fixture
def given_far(far):
    return Given(far)


class TestLostReplies:
    """A commit nobody answered for is looked for, and finished: never lost, never doubled."""

    async def test_what_was_written_is_a_success(self, far, given_far, proxy, database):
        made, task = decision(None, *given_far.submission(), at=given_far.now)
        proxy.cut("after")
        position = await far.log.append(made)
        assert proxy.cuts == 1
        assert (await far.log.recorded(task.id))[-1].position == position
        assert await versions_of(database.dsn, task.id) == [1, 2]

    async def test_a_later_decision_that_was_written_is_a_success_too(
        self, far, given_far, proxy, database
    ):
        task = await given_far.task()
        proxy.cut("after")
        await given_far.then(task, suspended)
        assert proxy.cuts == 1
        assert await versions_of(database.dsn, task.id) == [1, 2, 3]
        assert (await far.ready.row(task.id)).status == "suspended"

    async def test_what_never_arrived_is_sent_again(self, far, given_far, proxy, database):
        proxy.cut("before")
        task = await given_far.task()
        assert proxy.cuts == 1
        assert await versions_of(database.dsn, task.id) == [1, 2]
        assert (await far.ready.row(task.id)).status == "queued"

    async def test_what_another_wrote_meanwhile_is_a_conflict(self, given_far, store, given, proxy):
        task = await given_far.task()
        proxy.cut("before", lambda: given.then(task, rescheduled))
        with pytest.raises(Conflict):
            await given_far.then(task, suspended)
        assert proxy.cuts == 1
        assert [fact.topic for fact in await store.log.stream(task.id)][2:] == ["task.rescheduled"]

    async def test_another_s_submission_of_the_same_id_is_a_conflict(
        self, far, given_far, store, given, proxy
    ):
        task_id = uuid4()
        proxy.cut("before", lambda: given.task(task_id=task_id, priority=1))
        with pytest.raises(Conflict):
            await given_far.task(task_id=task_id, priority=2)
        assert (await store.ready.row(task_id)).priority == 1

    async def test_a_backend_that_still_commits_is_waited_for(
        self, far, given_far, proxy, database
    ):
        made, task = decision(None, *given_far.submission(), at=given_far.now)
        proxy.cut("during", lambda: somebody_waits(database.dsn))
        async with holding_the_log(database.dsn):
            append = asyncio.ensure_future(far.log.append(made))
            await somebody_waits(database.dsn, 2)  # the old backend, and we who ask after it
        await append
        assert proxy.cuts == 1
        assert await versions_of(database.dsn, task.id) == [1, 2]

    async def test_a_backend_held_up_before_it_entered_the_log_is_no_conflict(
        self, far, given_far, proxy, database
    ):
        task = await given_far.task()
        proxy.cut("during", lambda: somebody_waits(database.dsn))
        row = "SELECT FROM arbiter.ready_tasks WHERE task_id = %s FOR UPDATE"
        async with holding(database.dsn, row, (task.id,)):
            append = asyncio.ensure_future(given_far.then(task, suspended))
            await somebody_waits(database.dsn, 2)  # the old backend, and the one sent again
        await append
        assert await versions_of(database.dsn, task.id) == [1, 2, 3]

    async def test_a_batch_that_was_written_in_part_by_others_is_sorted_out(
        self, far, given_far, given, proxy, database
    ):
        made = submissions(given_far, 20)
        taken = made[7][1].id
        proxy.cut("before", lambda: given.task(task_id=taken, priority=1))
        outcomes = await far.log.append_many([entry for entry, _ in made])
        assert isinstance(outcomes.pop(7), Conflict)
        assert all(isinstance(outcome, int) for outcome in outcomes)
        for _, task in made:
            assert await versions_of(database.dsn, task.id) == [1, 2]

    async def test_a_reply_may_get_lost_twice(self, far, given_far, proxy, database):
        async def once_more() -> None:
            proxy.cut("before")

        proxy.cut("before", once_more)
        task = await given_far.task()
        assert proxy.cuts == 2
        assert await versions_of(database.dsn, task.id) == [1, 2]

    async def test_a_backend_that_was_terminated_is_no_error(self, far, given_far, database):
        made, task = decision(None, *given_far.submission(), at=given_far.now)
        async with holding_the_log(database.dsn):
            append = asyncio.ensure_future(far.log.append(made))
            await somebody_waits(database.dsn)
            await asked(
                database.dsn,
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'""",
            )
        await append
        assert await versions_of(database.dsn, task.id) == [1, 2]


class TestAbsence:
    """A database that goes away and comes back, and one that stays away."""

    async def test_who_comes_while_it_is_away_is_served_when_it_is_back(
        self, far, given_far, proxy, monkeypatch
    ):
        monkeypatch.setattr(committer, "RECONNECT_SECONDS", (0.01,) * 1000)
        proxy.leave()
        append = asyncio.ensure_future(given_far.task())
        await eventually(lambda: proxy.refused >= 2)
        assert not append.done()
        proxy.come_back()
        task = await append
        assert (await eventually(lambda: far.ready.row(task.id))).status == "queued"

    async def test_who_has_waited_long_enough_is_told(self, far, given_far, proxy, database):
        proxy.leave()
        made, task = decision(None, *given_far.submission(), at=given_far.now)
        with pytest.raises(Unavailable, match="did not come back"):
            await far.log.append(made)
        assert await versions_of(database.dsn, task.id) == []
        proxy.come_back()
        await given_far.task()

    async def test_every_caller_of_the_batch_is_told(self, far, given_far, proxy):
        proxy.leave()
        made = [entry for entry, _ in submissions(given_far, 50)]
        outcomes = await far.log.append_many(made)
        assert [type(outcome) for outcome in outcomes] == [Unavailable] * 50
