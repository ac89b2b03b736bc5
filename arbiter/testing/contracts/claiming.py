"""What every ready queue promises about who is offered what, and in which order."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

from arbiter.testing.builders import cancelled, gated, redriven, rescheduled, suspended
from arbiter.testing.contracts.contract import Contract
from arbiter.testing.contracts.given import Given, decision, ids, wanted
from arbiter.testing.contracts.store import Store


class ClaimingContract(Contract):
    """A worker takes what it can do, the best first, and nobody else gets it."""

    async def test_a_queued_task_is_claimed_with_what_routing_it_needs(
        self, store: Store, given: Given
    ) -> None:
        me, task = await given.worker(), await given.task()
        [claim] = (await given.turn(me, wanted())).claimed
        assert (claim.task_id, claim.version) == (task.id, task.version)
        assert claim.first == (await store.log.stream(task.id))[0]

    async def test_a_claim_tells_the_version_a_task_has_come_to(self, given: Given) -> None:
        me = await given.worker()
        task = await given.then(await given.task(), rescheduled)
        [claim] = (await given.turn(me, wanted())).claimed
        assert claim.version == task.version == 3
        assert claim.first.version == 1

    async def test_a_claim_is_no_fact(self, store: Store, given: Given) -> None:
        me, task = await given.worker(), await given.task()
        before = await store.log.last_position()
        await given.claimed(me)
        row = await store.ready.row(task.id)
        assert row is not None
        assert (row.status, row.version, row.claimed_by) == ("queued", task.version, me)
        assert await store.log.last_position() == before

    async def test_a_claimed_task_is_not_offered_twice(self, given: Given) -> None:
        me, other, task = await given.worker(), await given.worker(), await given.task()
        assert await given.claimed(me) == [task.id]
        assert await given.claimed(me) == []
        assert await given.claimed(other) == []

    async def test_the_higher_priority_goes_first(self, given: Given) -> None:
        me = await given.worker()
        low, high, middle = [await given.task(priority=p) for p in (0, 9, 5)]
        assert await given.claimed(me) == [high.id, middle.id, low.id]

    async def test_of_one_priority_the_oldest_goes_first(self, given: Given) -> None:
        me = await given.worker()
        moments = [given.later(-seconds) for seconds in (1, 3, 2)]
        last, first, second = [await given.task(at=at) for at in moments]
        assert await given.claimed(me) == [first.id, second.id, last.id]

    async def test_of_one_age_the_lowest_id_goes_first(self, given: Given) -> None:
        me, now = await given.worker(), given.now
        places = sorted([uuid4() for _ in range(6)])
        for task_id in (*places[3:], *places[:3]):
            await given.task(task_id=task_id, at=now)
        assert await given.claimed(me) == places

    async def test_the_order_spans_kinds_and_queues(self, given: Given) -> None:
        me = await given.worker()
        third = await given.task(kind="a", priority=1)
        first = await given.task(kind="b", priority=9)
        second = await given.task(kind="a", queue="night", priority=5)
        wants = [wanted(kind="a"), wanted(kind="b"), wanted(kind="a", queue="night")]
        assert await given.claimed(me, *wants) == [first.id, second.id, third.id]

    async def test_a_rescheduled_task_goes_where_its_new_priority_puts_it(
        self, given: Given
    ) -> None:
        me = await given.worker()
        first, second, third = await given.tasks(3)
        await given.then(third, rescheduled(priority=9))
        assert await given.claimed(me) == [third.id, first.id, second.id]

    async def test_no_more_are_claimed_than_are_wanted(self, given: Given) -> None:
        me = await given.worker()
        tasks = await given.tasks(5)
        assert await given.claimed(me, wanted(2)) == [task.id for task in tasks[:2]]
        assert await given.claimed(me, wanted(2)) == [task.id for task in tasks[2:4]]

    async def test_the_total_takes_the_best_of_all_that_is_wanted(self, given: Given) -> None:
        me = await given.worker()
        a = await given.tasks(3, kind="a", priority=5)
        b = await given.tasks(3, kind="b", priority=6)
        turned = await given.turn(me, wanted(kind="a"), wanted(kind="b"), total=4)
        assert ids(turned.claimed) == [task.id for task in (*b, a[0])]
        assert await given.claimed(me, wanted(kind="a")) == [task.id for task in a[1:]]

    async def test_nothing_is_claimed_where_nothing_is_wanted(self, given: Given) -> None:
        me, task = await given.worker(), await given.task()
        assert (await given.turn(me)).claimed in ([], ())
        assert await given.claimed(me, wanted(0)) == []
        assert ids((await given.turn(me, wanted(), total=0)).claimed) == []
        assert await given.claimed(me) == [task.id]

    async def test_a_task_wanted_twice_is_claimed_once(self, given: Given) -> None:
        me = await given.worker()
        one, other = await given.tasks(2)
        asked_twice = [wanted(), wanted(abilities=["languages:python"])]
        assert await given.claimed(me, *asked_twice) == [one.id, other.id]

    async def test_other_kinds_and_other_queues_are_not_offered(self, given: Given) -> None:
        me = await given.worker()
        await given.task(kind="deployment")
        await given.task(queue="night")
        assert await given.claimed(me) == []

    async def test_only_queued_tasks_are_offered(self, given: Given) -> None:
        me, other = await given.worker(), await given.worker()
        await given.running(other)
        await given.then(await given.task(), suspended)
        await given.then(await given.task(), cancelled)
        await given.task(hold="look at it first")
        assert await given.claimed(me) == []

    async def test_nothing_is_offered_before_its_moment(self, given: Given) -> None:
        me = await given.worker()
        await given.task(not_before=given.later(60))
        assert await given.claimed(me) == []

    async def test_a_not_before_that_has_passed_keeps_nothing_back(self, given: Given) -> None:
        me = await given.worker()
        task = await given.task(not_before=given.now - timedelta(seconds=1))
        assert await given.claimed(me) == [task.id]

    async def test_a_task_goes_only_where_all_it_needs_is_there(self, given: Given) -> None:
        me = await given.worker()
        needs = {"languages": ("python", "sql"), "specializations": ("security",)}
        task = await given.task(requirements=needs)
        some = ["languages:python", "languages:sql"]
        assert await given.claimed(me, wanted()) == []
        assert await given.claimed(me, wanted(abilities=some)) == []
        all_and_more = [*some, "specializations:security", "languages:rust"]
        assert await given.claimed(me, wanted(abilities=all_and_more)) == [task.id]

    async def test_a_task_that_needs_more_does_not_stand_in_the_way(self, given: Given) -> None:
        me = await given.worker()
        await given.tasks(3, requirements={"languages": ("rust",)}, priority=9)
        easy = await given.task()
        [claimed] = await given.claimed(me, wanted(1, abilities=["languages:python"]))
        assert claimed == easy.id

    async def test_needs_make_no_difference_to_the_order(self, given: Given) -> None:
        me, abilities = await given.worker(), ["languages:python", "languages:sql"]
        languages = [("python",), (), ("sql",), ("python", "sql"), ()]
        tasks = [
            await given.task(requirements={"languages": some}, at=given.later(place - 10))
            for place, some in enumerate(languages)
        ]
        claimed = await given.claimed(me, wanted(abilities=abilities))
        assert claimed == [task.id for task in tasks]

    async def test_workers_that_claim_at_once_share_without_overlap(self, given: Given) -> None:
        workers = [await given.worker() for _ in range(4)]
        tasks = await given.tasks(40)
        taken: list[UUID] = []
        while len(taken) < len(tasks):
            round_ = await asyncio.gather(*(given.claimed(me, wanted(3)) for me in workers))
            taken.extend(task_id for claimed in round_ for task_id in claimed)
            assert any(round_), "nobody got anything although tasks are left"
        assert sorted(taken) == sorted(task.id for task in tasks)

    async def test_an_unclaimed_task_is_offered_again_in_its_old_place(
        self, store: Store, given: Given
    ) -> None:
        me, other = await given.worker(), await given.worker()
        first, second = await given.tasks(2)
        await given.claimed(me, wanted(1))
        await store.ready.unclaim(me, [first.id])
        assert await given.claimed(other) == [first.id, second.id]

    async def test_nobody_unclaims_what_is_not_theirs(self, store: Store, given: Given) -> None:
        me, other, task = await given.worker(), await given.worker(), await given.task()
        assert await given.claimed(me) == [task.id]
        await store.ready.unclaim(other, [task.id])
        assert await given.claimed(other) == []

    async def test_a_begun_task_is_not_unclaimed(self, store: Store, given: Given) -> None:
        me = await given.worker()
        task = await given.running(me)
        row = await store.ready.row(task.id)
        await store.ready.unclaim(me, [task.id, uuid4()])
        assert await store.ready.row(task.id) == row
        assert await given.claimed(me) == []

    async def test_a_redriven_task_is_offered_again(self, given: Given) -> None:
        me, parked = await given.worker(), await given.parked()
        assert await given.claimed(me) == []
        await given.then(parked, redriven, gated)
        assert await given.claimed(me) == [parked.id]

    async def test_a_stranger_claims_nothing(self, given: Given) -> None:
        await given.task()
        turned = await given.turn(uuid4(), wanted())
        assert not turned.alive
        assert ids(turned.claimed) == []

    async def test_who_has_left_claims_nothing(self, store: Store, given: Given) -> None:
        me = await given.worker()
        await given.task()
        await store.leases.leave(given.left(me))
        turned = await given.turn(me, wanted())
        assert not turned.alive
        assert ids(turned.claimed) == []

    async def test_a_decision_about_a_claimed_task_takes_it_from_its_claimer(
        self, store: Store, given: Given
    ) -> None:
        me, other = await given.worker(), await given.worker()
        task = await given.task()
        await given.claimed(me)
        made, _ = decision(task, rescheduled(priority=1), at=given.now)
        await store.log.append(made)
        assert await given.claimed(other) == [task.id]
