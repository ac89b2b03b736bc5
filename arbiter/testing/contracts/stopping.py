"""What every ready queue promises about handlers that still run although their task has moved on."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from arbiter.application.ready_row import STOP_GRACE
from arbiter.domain.facts import Failure
from arbiter.domain.task import Task
from arbiter.testing.builders import (
    Step,
    attempt_failed,
    cancelled,
    completed,
    gated,
    rescheduled,
    resumed,
    suspended,
)
from arbiter.testing.contracts.contract import Contract
from arbiter.testing.contracts.given import Given, decision
from arbiter.testing.contracts.store import Store

TIMED_OUT = attempt_failed(error=Failure(kind="timeout", type="start_to_close"))


class StoppingContract(Contract):
    """The next attempt is not offered before the handler has stopped, or had its grace."""

    async def _stopping(self, given: Given, me: UUID) -> Task:
        """A task that was suspended while it ran, and resumed before its handler had stopped."""
        task = await given.running(me)
        return await given.then(await given.then(task, suspended), resumed, gated)

    async def test_a_task_whose_handler_still_stops_is_not_offered(
        self, store: Store, given: Given
    ) -> None:
        me, other = await given.worker(), await given.worker()
        task = await self._stopping(given, me)
        row = await store.ready.row(task.id)
        assert row is not None
        assert (row.status, row.due, row.stopping_by) == ("queued", False, me)
        assert await given.claimed(other) == []

    async def test_it_is_offered_when_the_handler_has_stopped(
        self, store: Store, given: Given
    ) -> None:
        me, other = await given.worker(), await given.worker()
        task = await self._stopping(given, me)
        await store.ready.handlers_stopped(me, [task.id], given.now)
        row = await store.ready.row(task.id)
        assert row is not None
        assert (row.due, row.stopping_by, row.stopping_until) == (True, None, None)
        assert await given.claimed(other) == [task.id]

    async def test_only_its_own_incarnation_tells_that_it_has_stopped(
        self, store: Store, given: Given
    ) -> None:
        me, other = await given.worker(), await given.worker()
        task = await self._stopping(given, me)
        await store.ready.handlers_stopped(other, [task.id], given.now)
        assert await given.claimed(other) == []

    async def test_it_is_offered_when_the_grace_has_ended(self, store: Store, given: Given) -> None:
        me, other = await given.worker(), await given.worker()
        task = await self._stopping(given, me)
        row = await store.ready.row(task.id)
        assert row is not None
        assert row.stopping_until is not None
        assert row.stopping_until >= given.now + STOP_GRACE - timedelta(seconds=5)
        almost = row.stopping_until - timedelta(microseconds=1)
        swept = await store.ready.sweep(almost)
        assert (swept.flipped, swept.next_due) == (0, row.stopping_until)
        assert (await store.ready.sweep(row.stopping_until)).flipped == 1
        assert await given.claimed(other) == [task.id]

    async def test_who_tells_too_late_that_it_has_stopped_changes_nothing(
        self, store: Store, given: Given
    ) -> None:
        me, other = await given.worker(), await given.worker()
        task = await self._stopping(given, me)
        await store.ready.sweep(given.later(3600))
        assert await given.claimed(other) == [task.id]
        await store.ready.handlers_stopped(me, [task.id], given.now)
        assert await given.claimed(me) == []

    async def test_it_is_offered_when_its_incarnation_is_gone(
        self, store: Store, given: Given
    ) -> None:
        me, other = await given.worker(), await given.worker()
        task = await self._stopping(given, me)
        assert await store.ready.forget(other, given.now) == 0
        assert await store.ready.forget(me, given.now) == 1
        assert await given.claimed(other) == [task.id]

    @pytest.mark.parametrize(
        "step", [rescheduled(priority=9), suspended], ids=["rescheduled", "suspended"]
    )
    async def test_a_decision_in_between_does_not_offer_it(
        self, store: Store, given: Given, step: Step
    ) -> None:
        me, other = await given.worker(), await given.worker()
        task = await given.then(await self._stopping(given, me), step)
        row = await store.ready.row(task.id)
        assert row is not None
        assert (row.due, row.stopping_by) == (False, me)
        assert await given.claimed(other) == []

    async def test_a_suspended_task_is_not_offered_because_its_handler_stopped(
        self, store: Store, given: Given
    ) -> None:
        me = await given.worker()
        task = await given.then(await given.running(me), suspended)
        await store.ready.handlers_stopped(me, [task.id], given.now)
        row = await store.ready.row(task.id)
        assert row is not None
        assert (row.due, row.stopping_by) == (False, None)
        await given.then(task, resumed, gated)
        assert await given.claimed(me) == [task.id]

    async def test_a_timed_out_attempt_s_handler_keeps_the_retry_back(
        self, store: Store, given: Given
    ) -> None:
        me, other = await given.worker(), await given.worker()
        task = await given.then(await given.running(me), TIMED_OUT)
        assert task.not_before is not None
        soon = task.not_before + timedelta(seconds=1)
        await store.ready.sweep(soon)
        assert await given.claimed(other) == []
        await store.ready.handlers_stopped(me, [task.id], soon)
        assert await given.claimed(other) == [task.id]

    async def test_a_handler_that_stops_early_does_not_hasten_the_retry(
        self, store: Store, given: Given
    ) -> None:
        me, other = await given.worker(), await given.worker()
        task = await given.then(await given.running(me), TIMED_OUT)
        assert task.not_before is not None
        await store.ready.handlers_stopped(
            me, [task.id], task.not_before - timedelta(milliseconds=1)
        )
        assert await given.claimed(other) == []
        await store.ready.sweep(task.not_before)
        assert await given.claimed(other) == [task.id]

    async def test_a_gone_incarnation_does_not_hasten_the_retry(
        self, store: Store, given: Given
    ) -> None:
        me, other = await given.worker(), await given.worker()
        task = await given.then(await given.running(me), TIMED_OUT)
        assert task.not_before is not None
        await store.ready.forget(me, task.not_before - timedelta(milliseconds=1))
        assert await given.claimed(other) == []
        await store.ready.sweep(task.not_before)
        assert await given.claimed(other) == [task.id]

    async def test_the_next_attempt_is_free_of_the_one_before(
        self, store: Store, given: Given
    ) -> None:
        me, other = await given.worker(), await given.worker()
        task = await self._stopping(given, me)
        await store.ready.sweep(given.later(3600))
        await given.claimed(other)
        begun, running = given.beginning(task, other)
        await given.turn(other, begun=[begun])
        row = await store.ready.row(task.id)
        assert row is not None
        assert row.stopping_by is None
        end, _ = decision(running, completed, at=given.now)
        assert (await given.turn(other, finished=[end])).accepted == {task.id}

    async def test_a_cancelled_task_leaves_nothing_to_stop_for(
        self, store: Store, given: Given
    ) -> None:
        me = await given.worker()
        task = await self._stopping(given, me)
        await given.then(task, cancelled)
        await store.ready.handlers_stopped(me, [task.id], given.now)
        assert await store.ready.row(task.id) is None
        assert await store.ready.forget(me, given.now) == 0
