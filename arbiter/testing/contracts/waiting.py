"""What every ready queue promises about moments: not_before, time limits, long waits."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from arbiter.domain.limits import Limits
from arbiter.testing.builders import attempt_failed, deferred, released, suspended
from arbiter.testing.contracts.contract import Contract
from arbiter.testing.contracts.given import Given
from arbiter.testing.contracts.store import Store


class WaitingContract(Contract):
    """A sweep offers what has become due; nothing is offered before its moment."""

    async def test_a_sweep_offers_a_task_when_its_moment_has_come(
        self, store: Store, given: Given
    ) -> None:
        me, come = await given.worker(), given.later(60)
        task = await given.task(not_before=come)
        assert (await store.ready.sweep(come - timedelta(microseconds=1))).flipped == 0
        assert await given.claimed(me) == []
        assert (await store.ready.sweep(come)).flipped == 1
        assert await given.claimed(me) == [task.id]

    async def test_a_sweep_offers_each_task_once(self, store: Store, given: Given) -> None:
        await given.tasks(3, not_before=given.later(60))
        assert (await store.ready.sweep(given.later(61))).flipped == 3
        assert (await store.ready.sweep(given.later(61))).flipped == 0

    async def test_a_swept_task_keeps_its_version_and_its_place(
        self, store: Store, given: Given
    ) -> None:
        me = await given.worker()
        late = await given.task(not_before=given.later(60), at=given.later(-5))
        early = await given.task()
        before = await store.log.last_position()
        await store.ready.sweep(given.later(60))
        row = await store.ready.row(late.id)
        assert row is not None
        assert (row.due, row.version) == (True, late.version)
        assert await store.log.last_position() == before
        assert await given.claimed(me) == [late.id, early.id]

    async def test_a_sweep_tells_when_the_next_moment_comes(
        self, store: Store, given: Given
    ) -> None:
        moments = [given.later(seconds) for seconds in (90, 30, 60)]
        for moment in moments:
            await given.task(not_before=moment)
        assert (await store.ready.sweep(given.now)).next_due == moments[1]
        assert (await store.ready.sweep(moments[1])).next_due == moments[2]
        assert (await store.ready.sweep(moments[0])).next_due is None

    async def test_a_sweep_of_nothing_tells_of_nothing(self, store: Store, given: Given) -> None:
        await given.task()
        swept = await store.ready.sweep(given.later(60))
        assert (swept.flipped, swept.next_due, swept.next_limit) == (0, None, None)

    async def test_a_held_or_suspended_task_is_not_swept(self, store: Store, given: Given) -> None:
        await given.task(not_before=given.later(60), hold="look at it first")
        await given.then(await given.task(not_before=given.later(60)), suspended)
        assert (await store.ready.sweep(given.later(61))).flipped == 0

    async def test_a_deferred_task_leaves_the_front_until_its_moment(
        self, store: Store, given: Given
    ) -> None:
        me, come = await given.worker(), given.later(60)
        first, second = await given.tasks(2)
        await given.then(first, deferred(look_again=come))
        assert await given.claimed(me) == [second.id]
        await store.ready.sweep(come)
        assert await given.claimed(me) == [first.id]

    async def test_a_retry_waits_for_its_moment(self, store: Store, given: Given) -> None:
        me = await given.worker()
        task = await given.then(await given.running(me), attempt_failed)
        assert task.not_before is not None
        assert await given.claimed(me) == []
        assert (await store.ready.sweep(task.not_before)).flipped == 1
        assert await given.claimed(me) == [task.id]

    async def test_a_released_task_is_offered_at_once(self, given: Given) -> None:
        me = await given.worker()
        task = await given.then(await given.running(me), released)
        assert await given.claimed(me) == [task.id]

    async def test_a_postponed_task_is_offered_again_at_its_moment(
        self, store: Store, given: Given
    ) -> None:
        me, come = await given.worker(), given.later(60)
        first, second = await given.tasks(2)
        before = await store.log.last_position()
        await store.ready.postpone([first.id, uuid4()], come, "nobody able")
        assert await store.log.last_position() == before
        assert await given.claimed(me) == [second.id]
        assert (await store.ready.sweep(given.now)).next_due == come
        await store.ready.sweep(come)
        assert await given.claimed(me) == [first.id]

    async def test_a_task_that_is_not_on_offer_is_not_postponed(
        self, store: Store, given: Given
    ) -> None:
        me = await given.worker()
        running, held_back = await given.running(me), await given.task(hold="look at it first")
        claimed = await given.task()
        await given.claimed(me)
        tasks = [running.id, held_back.id, claimed.id]
        before = [await store.ready.row(task_id) for task_id in tasks]
        await store.ready.postpone(tasks, given.later(60), "nobody able")
        assert [await store.ready.row(task_id) for task_id in tasks] == before

    async def test_a_task_nobody_started_in_time_is_overdue(
        self, store: Store, given: Given
    ) -> None:
        task = await given.task(limits=Limits(schedule_to_start=60.0))
        ends = task.queued_since + timedelta(seconds=60)
        assert list(await store.ready.overdue(ends - timedelta(microseconds=1), 10)) == []
        assert list(await store.ready.overdue(ends, 10)) == [task.id]

    async def test_a_task_held_for_too_long_is_overdue(self, store: Store, given: Given) -> None:
        until = given.later(60)
        task = await given.task(hold="look at it first", hold_until=until)
        assert list(await store.ready.overdue(until, 10)) == [task.id]

    async def test_a_suspended_task_is_overdue_when_its_total_limit_passes(
        self, store: Store, given: Given
    ) -> None:
        task = await given.then(await given.task(limits=Limits(total=60.0)), suspended)
        assert list(await store.ready.overdue(given.later(59), 10)) == []
        assert list(await store.ready.overdue(given.later(61), 10)) == [task.id]

    async def test_a_running_task_is_its_worker_s_to_judge(
        self, store: Store, given: Given
    ) -> None:
        me = await given.worker()
        await given.running(me, limits=Limits(start_to_close=1.0, total=2.0))
        assert list(await store.ready.overdue(given.later(3600), 10)) == []
        assert (await store.ready.sweep(given.now)).next_limit is None

    async def test_a_task_that_has_ended_is_never_overdue(self, store: Store, given: Given) -> None:
        await given.parked()
        assert list(await store.ready.overdue(given.later(3600), 10)) == []

    async def test_the_earliest_limits_come_first(self, store: Store, given: Given) -> None:
        spans = (30.0, 10.0, 20.0)
        tasks = [await given.task(limits=Limits(total=span)) for span in spans]
        found = list(await store.ready.overdue(given.later(3600), 2))
        assert found == [tasks[1].id, tasks[2].id]

    async def test_a_sweep_tells_when_the_next_limit_passes(
        self, store: Store, given: Given
    ) -> None:
        await given.task(limits=Limits(total=90.0))
        first = await given.task(limits=Limits(total=60.0))
        ends = first.submitted_at + timedelta(seconds=60)
        assert (await store.ready.sweep(given.now)).next_limit == ends

    async def test_long_waiting_tasks_are_told_oldest_first(
        self, store: Store, given: Given
    ) -> None:
        now = given.now
        ages = (10, 30, 20, 5)
        tasks = [await given.task(at=now - timedelta(seconds=age)) for age in ages]
        before = now - timedelta(seconds=10)
        waiting = await store.ready.waiting_since(before, 10)
        assert [row.task_id for row in waiting] == [tasks[1].id, tasks[2].id]
        [oldest] = await store.ready.waiting_since(before, 1)
        assert oldest == await store.ready.row(tasks[1].id)

    async def test_only_tasks_on_offer_that_never_started_are_long_waiting(
        self, store: Store, given: Given
    ) -> None:
        me, long_ago = await given.worker(), given.later(-3600)
        await given.running(me, at=long_ago)
        retried = await given.running(me, at=long_ago)
        await given.then(retried, released)
        await given.task(at=long_ago, hold="look at it first")
        await given.task(at=long_ago, not_before=given.later(60))
        await given.then(await given.task(at=long_ago), suspended)
        assert list(await store.ready.waiting_since(given.now, 10)) == []
