"""What every ready queue promises about queues that are paused or limited."""

from __future__ import annotations

import asyncio

import pytest

from arbiter.testing.builders import Step, cancelled, completed, released, suspended
from arbiter.testing.contracts.contract import Contract
from arbiter.testing.contracts.given import Given, decision, wanted
from arbiter.testing.contracts.store import Store


class RoomContract(Contract):
    """What operators switch holds for the next claim, over all workers."""

    async def test_a_paused_queue_offers_nothing_until_it_is_resumed(self, given: Given) -> None:
        me, task = await given.worker(), await given.task()
        await given.paused()
        assert await given.claimed(me) == []
        await given.resumed()
        assert await given.claimed(me) == [task.id]

    async def test_a_paused_queue_does_not_hold_up_another(self, given: Given) -> None:
        me = await given.worker()
        await given.task()
        other = await given.task(queue="night")
        await given.paused()
        assert await given.claimed(me, wanted(), wanted(queue="night")) == [other.id]

    async def test_what_runs_goes_on_when_its_queue_is_paused(self, given: Given) -> None:
        me = await given.worker()
        task = await given.running(me)
        await given.paused()
        end, _ = decision(task, completed, at=given.now)
        assert (await given.turn(me, finished=[end])).accepted == {task.id}

    async def test_a_limit_holds_over_two_claims(self, given: Given) -> None:
        me = await given.worker()
        first, second, _ = await given.tasks(3)
        await given.limited(2)
        assert await given.claimed(me, wanted(1)) == [first.id]
        assert await given.claimed(me) == [second.id]
        assert await given.claimed(me) == []

    async def test_a_limit_holds_over_two_workers(self, given: Given) -> None:
        me, other = await given.worker(), await given.worker()
        tasks = await given.tasks(5)
        await given.limited(3)
        assert await given.claimed(me, wanted(2)) == [task.id for task in tasks[:2]]
        assert await given.claimed(other) == [tasks[2].id]

    async def test_a_limit_holds_when_workers_claim_at_once(self, given: Given) -> None:
        workers = [await given.worker() for _ in range(4)]
        await given.tasks(20)
        await given.limited(5)
        claimed = await asyncio.gather(*(given.claimed(me) for me in workers))
        assert sum(map(len, claimed)) == 5

    async def test_a_limit_holds_over_the_kinds_of_a_queue(self, given: Given) -> None:
        me = await given.worker()
        await given.tasks(2, kind="a")
        best = await given.tasks(2, kind="b", priority=9)
        await given.limited(2)
        assert await given.claimed(me, wanted(kind="a"), wanted(kind="b")) == [t.id for t in best]

    async def test_a_limit_does_not_hold_up_another_queue(self, given: Given) -> None:
        me = await given.worker()
        first, *_ = await given.tasks(2, priority=9)
        others = await given.tasks(2, queue="night")
        await given.limited(1)
        claimed = await given.claimed(me, wanted(), wanted(queue="night"))
        assert claimed == [first.id, *(task.id for task in others)]

    async def test_a_running_task_keeps_its_place(self, given: Given) -> None:
        me = await given.worker()
        await given.limited(1)
        await given.running(me)
        await given.task()
        assert await given.claimed(me) == []

    async def test_a_completed_task_leaves_its_place_to_the_next_turn(self, given: Given) -> None:
        me = await given.worker()
        await given.limited(1)
        running, waiting = await given.running(me), await given.task()
        end, _ = decision(running, completed, at=given.now)
        turned = await given.turn(me, finished=[end])
        assert turned.accepted == {running.id}
        assert await given.claimed(me) == [waiting.id]

    async def test_a_limit_of_one_never_lets_two_run(self, given: Given) -> None:
        me = await given.worker()
        await given.limited(1)
        running = await given.running(me)
        await given.tasks(2)
        end, _ = decision(running, completed, at=given.now)
        turned = await given.turn(me, wanted(), finished=[end])
        assert len(turned.claimed) + len(await given.claimed(me)) == 1

    @pytest.mark.parametrize(
        "ending", [released, suspended, cancelled], ids=["released", "suspended", "cancelled"]
    )
    async def test_a_task_that_stops_running_leaves_its_place(
        self, given: Given, ending: Step
    ) -> None:
        me = await given.worker()
        await given.limited(1)
        running = await given.running(me)
        waiting = await given.task(priority=9)
        await given.then(running, ending)
        assert await given.claimed(me) == [waiting.id]

    async def test_an_unclaimed_task_leaves_its_place(self, store: Store, given: Given) -> None:
        me = await given.worker()
        first, _ = await given.tasks(2)
        await given.limited(1)
        assert await given.claimed(me) == [first.id]
        await store.ready.unclaim(me, [first.id])
        assert await given.claimed(me) == [first.id]

    async def test_a_limit_of_zero_offers_nothing(self, given: Given) -> None:
        me, _ = await given.worker(), await given.task()
        await given.limited(0)
        assert await given.claimed(me) == []

    async def test_a_limit_below_what_runs_offers_nothing(self, given: Given) -> None:
        me = await given.worker()
        for _ in range(3):
            await given.running(me)
        await given.task()
        await given.limited(1)
        assert await given.claimed(me) == []

    async def test_a_lifted_limit_offers_everything(self, given: Given) -> None:
        me = await given.worker()
        tasks = await given.tasks(3)
        await given.limited(1)
        await given.claimed(me)
        await given.limited(None)
        assert await given.claimed(me) == [task.id for task in tasks[1:]]

    async def test_a_pause_and_a_limit_do_not_forget_each_other(self, given: Given) -> None:
        me = await given.worker()
        tasks = await given.tasks(2)
        await given.limited(1)
        await given.paused()
        assert await given.claimed(me) == []
        await given.resumed()
        assert await given.claimed(me) == [tasks[0].id]
