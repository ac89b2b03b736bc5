"""What every ready queue promises about turns: what is written, and what drops out."""

from __future__ import annotations

from uuid import UUID

from msgspec.structs import replace

from arbiter.application.ports import Entry
from arbiter.application.ready_row import ready_row
from arbiter.domain.task import Task
from arbiter.testing.builders import (
    attempt_failed,
    cancelled,
    checkpointed,
    completed,
    rescheduled,
    suspended,
    worker_lost,
)
from arbiter.testing.contracts.contract import Contract
from arbiter.testing.contracts.given import Given, decision, ids, wanted
from arbiter.testing.contracts.store import Store


class TurningContract(Contract):
    """Ends, starts and claims in one commit; a decision that came too late drops out alone."""

    async def test_an_empty_turn_tells_that_we_are_alive(self, given: Given) -> None:
        turned = await given.turn(await given.worker())
        assert turned.alive
        assert turned.accepted == frozenset()

    async def test_a_begun_task_has_the_row_of_its_decision(
        self, store: Store, given: Given
    ) -> None:
        me, task = await given.worker(), await given.task(not_before=given.now)
        await given.claimed(me)
        begun, running = given.beginning(task, me)
        turned = await given.turn(me, begun=[begun])
        assert turned.accepted == {task.id}
        row = await store.ready.row(task.id)
        assert row is not None
        decided = ready_row(running, at=given.now)
        assert decided is not None
        # What is in a worker's hands is offered to nobody, whatever its `due` says.
        assert replace(row, due=False) == replace(decided, due=False)
        assert [fact.version for fact in await store.log.stream(task.id)] == [1, 2, 3, 4]
        assert running.version == 4

    async def test_a_finished_task_has_no_row(self, store: Store, given: Given) -> None:
        me = await given.worker()
        task = await given.running(me)
        end, done = decision(task, completed, at=given.now)
        assert (await given.turn(me, finished=[end])).accepted == {task.id}
        assert await store.ready.row(task.id) is None
        assert (await store.log.stream(task.id))[-1] == end.facts[0]
        assert done.is_final

    async def test_one_turn_ends_begins_and_claims(self, store: Store, given: Given) -> None:
        me = await given.worker()
        ending = await given.running(me)
        beginning, next_up = await given.tasks(2)
        await given.claimed(me, wanted(1))
        end, _ = decision(ending, completed, at=given.now)
        begin, _ = given.beginning(beginning, me)
        turned = await given.turn(me, wanted(), finished=[end], begun=[begin])
        assert turned.alive
        assert turned.accepted == {ending.id, beginning.id}
        assert ids(turned.claimed) == [next_up.id]
        assert await store.ready.claimed_by(me, 10) == [beginning.id]

    async def test_the_facts_of_a_turn_keep_their_order(self, store: Store, given: Given) -> None:
        me = await given.worker()
        tasks = await given.tasks(3)
        await given.claimed(me)
        before = await store.log.last_position()
        begun = [given.beginning(task, me)[0] for task in tasks]
        await given.turn(me, begun=begun)
        written = [one.fact for one in await store.log.read(before, 100)]
        assert written == [fact for made in begun for fact in made.facts]

    async def test_a_fenced_completion_drops_out_without_taking_its_batch_with_it(
        self, store: Store, given: Given
    ) -> None:
        me = await given.worker()
        tasks = [await given.running(me) for _ in range(3)]
        ends = self._ends(given, *tasks)
        taken = await given.then(tasks[1], suspended)
        turned = await given.turn(me, finished=ends)
        assert turned.alive
        assert turned.accepted == {tasks[0].id, tasks[2].id}
        assert len(await store.log.stream(taken.id)) == taken.version
        row = await store.ready.row(taken.id)
        assert row is not None
        assert row.status == "suspended"

    async def test_a_completion_of_a_cancelled_task_drops_out(
        self, store: Store, given: Given
    ) -> None:
        me = await given.worker()
        task = await given.running(me)
        ends = self._ends(given, task)
        ended = await given.then(task, cancelled)
        assert (await given.turn(me, finished=ends)).accepted == frozenset()
        assert len(await store.log.stream(task.id)) == ended.version

    async def test_a_checkpoint_in_between_makes_a_completion_too_old(
        self, store: Store, given: Given
    ) -> None:
        me = await given.worker()
        task = await given.running(me)
        too_old = self._ends(given, task)
        further = await given.then(task, checkpointed)
        assert (await given.turn(me, finished=too_old)).accepted == frozenset()
        turned = await given.turn(me, finished=self._ends(given, further))
        assert turned.accepted == {task.id}
        assert await store.ready.row(task.id) is None

    async def test_a_completion_is_accepted_once(self, store: Store, given: Given) -> None:
        me = await given.worker()
        task = await given.running(me)
        ends = self._ends(given, task)
        assert (await given.turn(me, finished=ends)).accepted == {task.id}
        assert (await given.turn(me, finished=ends)).accepted == frozenset()
        assert len(await store.log.stream(task.id)) == task.version + 1

    async def test_a_task_cancelled_between_claim_and_start_drops_out(
        self, store: Store, given: Given
    ) -> None:
        me = await given.worker()
        gone, other = await given.tasks(2)
        await given.claimed(me)
        ended = await given.then(gone, cancelled)
        begun = [given.beginning(task, me)[0] for task in (gone, other)]
        assert (await given.turn(me, begun=begun)).accepted == {other.id}
        assert len(await store.log.stream(gone.id)) == ended.version
        assert await store.ready.row(gone.id) is None

    async def test_a_task_rescheduled_between_claim_and_start_drops_out_and_is_offered_again(
        self, given: Given
    ) -> None:
        me, task = await given.worker(), await given.task()
        await given.claimed(me)
        moved = await given.then(task, rescheduled)
        begun, _ = given.beginning(task, me)
        turned = await given.turn(me, begun=[begun])
        assert turned.accepted == frozenset()
        [claim] = (await given.turn(me, wanted())).claimed
        assert (claim.task_id, claim.version) == (task.id, moved.version)

    async def test_nobody_begins_what_another_has_claimed(self, store: Store, given: Given) -> None:
        me, other, task = await given.worker(), await given.worker(), await given.task()
        await given.claimed(other)
        begun, _ = given.beginning(task, me)
        assert (await given.turn(me, begun=[begun])).accepted == frozenset()
        assert len(await store.log.stream(task.id)) == task.version

    async def test_nobody_begins_what_they_have_not_claimed(self, given: Given) -> None:
        me, task = await given.worker(), await given.task()
        begun, _ = given.beginning(task, me)
        assert (await given.turn(me, begun=[begun])).accepted == frozenset()
        assert await given.claimed(me) == [task.id]

    async def test_nobody_ends_what_another_runs(self, store: Store, given: Given) -> None:
        me, other = await given.worker(), await given.worker()
        task = await given.running(other)
        turned = await given.turn(me, finished=self._ends(given, task))
        assert turned.accepted == frozenset()
        assert await store.ready.claimed_by(other, 10) == [task.id]

    async def test_a_lost_incarnation_s_turn_writes_nothing(
        self, store: Store, given: Given
    ) -> None:
        me = await given.worker()
        running, claimed, _ = await given.running(me), await given.task(), await given.task()
        await given.claimed(me, wanted(1))
        begun, _ = given.beginning(claimed, me)
        assert await store.leases.mark_lost(given.lost(me))
        before = await store.log.last_position()
        turned = await given.turn(me, wanted(), finished=self._ends(given, running), begun=[begun])
        assert not turned.alive
        assert turned.accepted == frozenset()
        assert ids(turned.claimed) == []
        assert await store.log.last_position() == before
        assert await store.ready.claimed_by(me, 10) == [running.id]

    async def test_a_turn_after_leaving_writes_nothing(self, store: Store, given: Given) -> None:
        me = await given.worker()
        task = await given.task()
        assert await given.claimed(me) == [task.id]
        begun, _ = given.beginning(task, me)
        assert await store.leases.leave(given.left(me))
        turned = await given.turn(me, begun=[begun])
        assert not turned.alive
        assert len(await store.log.stream(task.id)) == task.version

    async def test_assigned_and_running_tasks_are_told_by_incarnation(
        self, store: Store, given: Given
    ) -> None:
        me, other = await given.worker(), await given.worker()
        mine = sorted([(await given.running(me)).id for _ in range(3)])
        await given.running(other)
        await given.task()
        await given.claimed(me)
        assert sorted(await store.ready.claimed_by(me, 10)) == mine
        some = await store.ready.claimed_by(me, 2)
        assert len(some) == 2
        assert set(some) <= set(mine)

    async def test_a_lost_worker_s_tasks_are_rescued_batch_by_batch(
        self, store: Store, given: Given
    ) -> None:
        me, other = await given.worker(), await given.worker()
        tasks = {task.id: task for task in [await given.running(me) for _ in range(3)]}
        await store.leases.mark_lost(given.lost(me))
        while batch := await store.ready.claimed_by(me, 2):
            rescued = [decision(tasks[task_id], worker_lost, at=given.now)[0] for task_id in batch]
            outcomes = await store.log.append_many(rescued)
            assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        await store.ready.sweep(given.later(3600))
        assert sorted(await given.claimed(other)) == sorted(tasks)

    async def test_a_rescued_task_ignores_its_first_worker(
        self, store: Store, given: Given
    ) -> None:
        me, other = await given.worker(), await given.worker()
        task = await given.running(me)
        too_late = self._ends(given, task)
        retried = await given.then(task, attempt_failed)
        await store.ready.sweep(given.later(3600))
        await given.claimed(other)
        begun, again = given.beginning(retried, other)
        assert (await given.turn(other, begun=[begun])).accepted == {task.id}
        assert (await given.turn(me, finished=too_late)).accepted == frozenset()
        turned = await given.turn(other, finished=self._ends(given, again))
        assert turned.accepted == {task.id}

    async def test_a_gone_incarnation_s_claims_are_offered_again(
        self, store: Store, given: Given
    ) -> None:
        me, other = await given.worker(), await given.worker()
        running = await given.running(me)
        mine, theirs = await given.task(priority=9), await given.task()
        await given.claimed(me, wanted(1))
        await given.claimed(other)
        assert await store.ready.forget(me, given.now) == 1
        assert await given.claimed(other) == [mine.id]
        assert await store.ready.claimed_by(me, 10) == [running.id]
        assert (await store.ready.row(theirs.id)) is not None
        assert await store.ready.forget(me, given.now) == 0

    async def test_an_unknown_task_has_no_row(self, store: Store) -> None:
        assert await store.ready.row(UUID(int=1)) is None

    def _ends(self, given: Given, *tasks: Task) -> list[Entry]:
        return [decision(task, completed, at=given.now)[0] for task in tasks]
