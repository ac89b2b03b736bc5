"""What every store promises about attempts that are done outside."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

from arbiter.testing.builders import attempt_failed, cancelled, completed, given_up, handed_over
from arbiter.testing.contracts.contract import Contract
from arbiter.testing.contracts.given import Given, wanted
from arbiter.testing.contracts.store import Store

WEEK = timedelta(days=7)


class RemoteAttemptsContract(Contract):
    """Who answers is known; an agent has no more under way than it may, over all workers."""

    async def test_an_attempt_that_was_noted_is_found(self, store: Store, given: Given) -> None:
        attempt = given.remote(await given.running(await given.worker()))
        assert await store.remote.find(attempt.attempt_id) is None
        assert await store.remote.admit(attempt, 1)
        assert await store.remote.find(attempt.attempt_id) == attempt
        assert await store.remote.find(uuid4()) is None

    async def test_an_agent_has_no_more_than_it_may(self, store: Store, given: Given) -> None:
        me, other = await given.worker(), await given.worker()
        await given.agent("ruff")
        first, second = await given.running(me), await given.running(other)
        assert await store.remote.admit(given.remote(first), 1)
        assert not await store.remote.admit(given.remote(second), 1)
        assert await store.remote.find(given.remote(second).attempt_id) is None

    async def test_another_agent_has_its_own_places(self, store: Store, given: Given) -> None:
        me = await given.worker()
        assert await store.remote.admit(given.remote(await given.running(me)), 1)
        assert await store.remote.admit(given.remote(await given.running(me), agent="b"), 1)

    async def test_who_comes_at_once_shares_the_places(self, store: Store, given: Given) -> None:
        me = await given.worker()
        await given.agent("ruff")
        attempts = [given.remote(await given.running(me)) for _ in range(8)]
        admitted = await asyncio.gather(*(store.remote.admit(each, 3) for each in attempts))
        assert sum(admitted) == 3

    async def test_the_same_attempt_takes_one_place(self, store: Store, given: Given) -> None:
        me = await given.worker()
        attempt = given.remote(await given.running(me))
        assert await store.remote.admit(attempt, 1)
        assert await store.remote.admit(attempt, 1)

    async def test_what_is_over_leaves_its_place(self, store: Store, given: Given) -> None:
        me = await given.worker()
        for end in (completed, attempt_failed, cancelled, given_up(at=given.later(4000))):
            task = await given.running(me)
            assert await store.remote.admit(given.remote(task), 1)
            await given.then(await given.then(task, handed_over), end)

    async def test_a_handed_over_attempt_keeps_its_place(self, store: Store, given: Given) -> None:
        me = await given.worker()
        await given.outside(me)
        assert not await store.remote.admit(given.remote(await given.running(me)), 1)

    async def test_what_others_have_under_way_is_counted(self, store: Store, given: Given) -> None:
        me, other = await given.worker(), await given.worker()
        for worker, agent in ((me, "ruff"), (other, "ruff"), (other, "radon")):
            attempt = given.remote(await given.running(worker), agent=agent)
            assert await store.remote.admit(attempt, 9)
        await given.outside(me)
        assert await store.remote.elsewhere(["ruff"], me) == {"ruff": 2}
        assert await store.remote.elsewhere(["ruff", "radon"], other) == {"ruff": 2}
        assert await store.remote.elsewhere([], me) == {}

    async def test_what_is_over_is_not_counted(self, store: Store, given: Given) -> None:
        me = await given.worker()
        await given.then(await given.outside(me), completed)
        assert await store.remote.elsewhere(["ruff"], me) == {}

    async def test_what_is_over_can_be_found_for_a_week(self, store: Store, given: Given) -> None:
        me = await given.worker()
        under_way, over, fresh = [await given.running(me) for _ in range(3)]
        long_ago = given.now - WEEK - timedelta(seconds=1)
        lasting = given.remote(under_way, sent_at=long_ago)
        old = given.remote(over, sent_at=long_ago)
        assert await store.remote.admit(lasting, 9)
        assert await store.remote.admit(old, 9)
        await given.then(over, completed)
        assert await store.remote.find(old.attempt_id) == old
        assert await store.remote.admit(given.remote(fresh), 9)
        assert await store.remote.find(old.attempt_id) is None
        assert await store.remote.find(lasting.attempt_id) == lasting

    async def test_what_is_outside_survives_the_worker(self, store: Store, given: Given) -> None:
        me = await given.worker()
        task = await given.outside(me)
        assert list(await store.ready.claimed_by(me, 10)) == []
        await store.leases.mark_lost(given.lost(me))
        await store.ready.forget(me, given.now)
        row = await store.ready.row(task.id)
        assert row is not None
        assert (row.status, row.attempt_id) == ("running", task.attempt_id)

    async def test_what_is_outside_is_offered_to_nobody(self, given: Given) -> None:
        me = await given.worker()
        await given.outside(me)
        assert await given.claimed(me) == []

    async def test_what_is_outside_is_overdue_at_its_limit(
        self, store: Store, given: Given
    ) -> None:
        task = await given.outside(await given.worker())
        assert task.deadline is not None
        just_before = task.deadline - timedelta(microseconds=1)
        assert list(await store.ready.overdue(just_before, 10)) == []
        assert (await store.ready.sweep(given.now)).next_limit == task.deadline
        assert list(await store.ready.overdue(task.deadline, 10)) == [task.id]

    async def test_what_is_outside_takes_a_place_of_a_limited_queue(self, given: Given) -> None:
        me = await given.worker()
        task = await given.outside(me)
        waiting = await given.task()
        await given.limited(1)
        assert await given.claimed(me, wanted()) == []
        await given.then(task, completed)
        assert await given.claimed(me, wanted()) == [waiting.id]
