"""What all leases promise."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from arbiter.domain.errors import Conflict
from arbiter.testing.builders import completed
from arbiter.testing.contracts.contract import Contract
from arbiter.testing.contracts.given import Given
from arbiter.testing.contracts.store import Store


class LeasesContract(Contract):
    """An incarnation is alive while its counter rises; it is lost once, and for good."""

    async def test_who_has_joined_is_live_with_all_it_told(
        self, store: Store, given: Given
    ) -> None:
        me = await given.worker(agents=["ruff", "bandit"], queues=["default", "night"])
        [live] = await store.leases.workers()
        [joined] = await store.log.stream(me)
        assert live.incarnation == me
        assert (live.worker, live.host, live.pid) == ("worker-1", "host-1", 4711)
        assert live.agents == ("ruff", "bandit")
        assert live.queues == ("default", "night")
        assert live.joined_at == joined.at

    async def test_joining_is_a_fact(self, store: Store, given: Given) -> None:
        joined = given.joined(uuid4())
        await store.leases.join(joined)
        assert list(await store.log.stream(joined.incarnation)) == [joined]

    async def test_an_incarnation_joins_once(self, store: Store, given: Given) -> None:
        me = await given.worker(agents=["ruff"])
        with pytest.raises(Conflict):
            await store.leases.join(given.joined(me, agents=["bandit"]))
        [live] = await store.leases.workers()
        assert live.agents == ("ruff",)

    async def test_a_beat_is_no_fact(self, store: Store, given: Given) -> None:
        me = await given.worker()
        before = await store.log.last_position()
        await store.leases.beat(me)
        assert await store.log.last_position() == before

    async def test_each_beat_raises_the_counter_that_others_see(
        self, store: Store, given: Given
    ) -> None:
        me, other = await given.worker(), await given.worker()
        seen = []
        for _ in range(3):
            await store.leases.beat(other)
            seen.append((await store.leases.beat(me)).others[other])
        assert seen == [seen[0], seen[0] + 1, seen[0] + 2]

    async def test_a_beat_tells_of_all_others_and_not_of_oneself(
        self, store: Store, given: Given
    ) -> None:
        me, one, other = [await given.worker() for _ in range(3)]
        beat = await store.leases.beat(me)
        assert beat.alive
        assert set(beat.others) == {one, other}
        assert beat.lost == frozenset()

    async def test_a_beat_tells_the_time_and_never_an_earlier_one(
        self, store: Store, given: Given
    ) -> None:
        me = await given.worker()
        times = [(await store.leases.beat(me)).now for _ in range(3)]
        assert times == sorted(times)
        assert abs((times[0] - given.now).total_seconds()) < 60

    async def test_beats_at_once_all_count(self, store: Store, given: Given) -> None:
        me, other = await given.worker(), await given.worker()
        before = (await store.leases.beat(me)).others[other]
        await asyncio.gather(*(store.leases.beat(other) for _ in range(5)))
        assert (await store.leases.beat(me)).others[other] == before + 5

    async def test_a_stranger_s_beat_tells_that_it_is_not_alive(
        self, store: Store, given: Given
    ) -> None:
        known = await given.worker()
        beat = await store.leases.beat(uuid4())
        assert not beat.alive
        assert set(beat.others) == {known}

    async def test_a_worker_whose_counter_stands_still_is_marked_lost(
        self, store: Store, given: Given
    ) -> None:
        me, silent = await given.worker(), await given.worker()
        await store.leases.beat(silent)
        counter = (await store.leases.beat(me)).others[silent]
        lost = given.lost(silent, beat=counter)
        assert await store.leases.mark_lost(lost)
        assert (await store.log.stream(silent))[-1] == lost
        assert [live.incarnation for live in await store.leases.workers()] == [me]

    async def test_a_worker_that_has_beaten_since_is_not_lost(
        self, store: Store, given: Given
    ) -> None:
        me, other = await given.worker(), await given.worker()
        counter = (await store.leases.beat(me)).others[other]
        await store.leases.beat(other)
        assert not await store.leases.mark_lost(given.lost(other, beat=counter))
        assert (await store.leases.beat(other)).alive
        assert len(await store.log.stream(other)) == 1

    async def test_a_worker_is_lost_once(self, store: Store, given: Given) -> None:
        silent = await given.worker()
        assert await store.leases.mark_lost(given.lost(silent))
        assert not await store.leases.mark_lost(given.lost(silent))
        assert len(await store.log.stream(silent)) == 2

    async def test_of_reapers_that_find_a_worker_at_once_one_marks_it(
        self, store: Store, given: Given
    ) -> None:
        silent = await given.worker()
        marked = await asyncio.gather(
            *(store.leases.mark_lost(given.lost(silent)) for _ in range(4))
        )
        assert sorted(marked) == [False, False, False, True]

    async def test_nobody_unknown_is_lost(self, store: Store, given: Given) -> None:
        assert not await store.leases.mark_lost(given.lost(uuid4()))
        assert await store.log.last_position() == 0

    async def test_a_lost_worker_learns_it_from_its_next_beat(
        self, store: Store, given: Given
    ) -> None:
        me, silent = await given.worker(), await given.worker()
        await store.leases.mark_lost(given.lost(silent))
        assert not (await store.leases.beat(silent)).alive
        assert (await store.leases.beat(me)).others[silent] == 0

    async def test_a_lost_worker_is_told_as_lost_until_it_is_rescued(
        self, store: Store, given: Given
    ) -> None:
        me, silent = await given.worker(), await given.worker()
        await store.leases.mark_lost(given.lost(silent))
        beat = await store.leases.beat(me)
        assert set(beat.others) == {silent}
        assert beat.lost == {silent}
        await store.leases.rescued(silent)
        beat = await store.leases.beat(me)
        assert dict(beat.others) == {}
        assert beat.lost == frozenset()

    async def test_a_live_worker_needs_no_rescue(self, store: Store, given: Given) -> None:
        me = await given.worker()
        await store.leases.rescued(me)
        assert (await store.leases.beat(me)).alive

    async def test_a_rescued_worker_stays_lost(self, store: Store, given: Given) -> None:
        silent = await given.worker()
        await store.leases.mark_lost(given.lost(silent))
        await store.leases.rescued(silent)
        assert not (await store.leases.beat(silent)).alive
        assert list(await store.leases.workers()) == []

    async def test_who_leaves_is_live_no_more_and_nobody_s_concern(
        self, store: Store, given: Given
    ) -> None:
        me, leaving = await given.worker(), await given.worker()
        left = given.left(leaving)
        await store.leases.leave(left)
        assert (await store.log.stream(leaving))[-1] == left
        assert [live.incarnation for live in await store.leases.workers()] == [me]
        assert dict((await store.leases.beat(me)).others) == {}
        assert not (await store.leases.beat(leaving)).alive

    async def test_who_has_left_is_not_lost(self, store: Store, given: Given) -> None:
        me = await given.worker()
        await store.leases.leave(given.left(me))
        assert not await store.leases.mark_lost(given.lost(me))
        assert len(await store.log.stream(me)) == 2

    async def test_who_has_something_in_hand_cannot_leave(self, store: Store, given: Given) -> None:
        me, other = await given.worker(), await given.worker()
        task = await given.running(me)
        before = await store.log.last_position()
        assert not await store.leases.leave(given.left(me))
        assert await store.log.last_position() == before
        assert {worker.incarnation for worker in await store.leases.workers()} == {me, other}
        await given.then(task, completed)
        assert await store.leases.leave(given.left(me))
        assert [worker.incarnation for worker in await store.leases.workers()] == [other]

    async def test_a_lost_worker_that_leaves_is_still_to_be_rescued(
        self, store: Store, given: Given
    ) -> None:
        me, silent = await given.worker(), await given.worker()
        await store.leases.mark_lost(given.lost(silent))
        await store.leases.leave(given.left(silent))
        assert (await store.leases.beat(me)).lost == {silent}
        assert len(await store.log.stream(silent)) == 2
