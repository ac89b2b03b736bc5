"""What every bell promises."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

from arbiter.application.ports import STOP_WORD, Bell
from arbiter.testing.builders import attempt_failed, cancelled, completed, suspended
from arbiter.testing.contracts.contract import Contract
from arbiter.testing.contracts.given import Given, decision
from arbiter.testing.contracts.store import Store

SOON = 10.0
"""Seconds after which a ring that did not come counts as missed."""


class Ear:
    """Keeps every word it heard, in order."""

    def __init__(self, bell: Bell) -> None:
        """Listen from now on."""
        self.words: list[str] = []
        self._news = asyncio.Event()
        self.leave = bell.listen(self._hear)

    async def hears(self, *words: str) -> None:
        """Wait until all of these words have rung."""
        async with asyncio.timeout(SOON):
            while not set(words) <= set(self.words):
                self._news.clear()
                await self._news.wait()

    def _hear(self, words: frozenset[str]) -> None:
        self.words.extend(sorted(words))
        self._news.set()


class BellContract(Contract):
    """Who listens is told soon after a commit; who has left is not."""

    async def test_an_appended_fact_rings_log(self, store: Store, given: Given) -> None:
        ear = Ear(store.bell)
        await store.log.append_facts([given.joined(uuid4())])
        await ear.hears("log")

    async def test_a_task_on_offer_rings_log_and_ready(self, store: Store, given: Given) -> None:
        ear = Ear(store.bell)
        await given.task()
        await ear.hears("log", "ready")

    async def test_a_task_that_is_offered_later_rings_later(
        self, store: Store, given: Given
    ) -> None:
        ear = Ear(store.bell)
        await given.task(not_before=given.later(60))
        await ear.hears("log", "later")
        await given.task()
        await ear.hears("ready")
        assert ear.words.index("later") < ear.words.index("ready")

    async def test_a_retry_rings_later(self, store: Store, given: Given) -> None:
        task = await given.running(await given.worker())
        ear = Ear(store.bell)
        await given.then(task, attempt_failed)
        await ear.hears("log", "later")

    async def test_a_cancelled_task_rings_for_who_runs_it(self, store: Store, given: Given) -> None:
        me = await given.worker()
        task = await given.running(me)
        ear = Ear(store.bell)
        await given.then(task, cancelled)
        await ear.hears("log", f"{STOP_WORD}{me}")

    async def test_a_suspended_task_rings_for_who_runs_it(self, store: Store, given: Given) -> None:
        me = await given.worker()
        task = await given.running(me)
        ear = Ear(store.bell)
        await given.then(task, suspended)
        await ear.hears(f"{STOP_WORD}{me}")

    async def test_many_decisions_at_once_ring_for_each_of_them(
        self, store: Store, given: Given
    ) -> None:
        workers = [await given.worker() for _ in range(3)]
        tasks = [await given.running(me) for me in workers]
        ear = Ear(store.bell)
        ends = [decision(task, cancelled, at=given.now)[0] for task in tasks]
        await store.log.append_many(ends)
        await ear.hears(*(f"{STOP_WORD}{me}" for me in workers))

    async def test_the_facts_of_a_turn_ring_log(self, store: Store, given: Given) -> None:
        me = await given.worker()
        task = await given.running(me)
        ear = Ear(store.bell)
        end, _ = decision(task, completed, at=given.now)
        await given.turn(me, finished=[end])
        await ear.hears("log")

    async def test_the_end_of_a_task_of_a_limited_queue_rings_ready(
        self, store: Store, given: Given
    ) -> None:
        me = await given.worker()
        await given.limited(1)
        one, ear = await given.running(me), Ear(store.bell)
        end, _ = decision(one, completed, at=given.now)
        await given.turn(me, finished=[end])
        await ear.hears("ready")
        other, ear = await given.running(me), Ear(store.bell)
        await given.then(other, cancelled)
        await ear.hears("log", "ready")

    async def test_a_task_whose_moment_has_come_rings_ready(
        self, store: Store, given: Given
    ) -> None:
        come = given.later(60)
        await given.task(not_before=come)
        ear = Ear(store.bell)
        await store.ready.sweep(come + timedelta(seconds=1))
        await ear.hears("ready")

    async def test_a_switched_queue_rings_log_and_ready(self, store: Store, given: Given) -> None:
        ear = Ear(store.bell)
        await given.paused()
        await ear.hears("log", "ready")

    async def test_workers_and_agents_ring_log(self, store: Store, given: Given) -> None:
        ear = Ear(store.bell)
        me = await given.worker()
        await ear.hears("log")
        ear = Ear(store.bell)
        await given.agent()
        await ear.hears("log")
        ear = Ear(store.bell)
        await store.leases.mark_lost(given.lost(me))
        await ear.hears("log")

    async def test_everybody_who_listens_is_told(self, store: Store, given: Given) -> None:
        ears = [Ear(store.bell) for _ in range(3)]
        await given.task()
        for ear in ears:
            await ear.hears("log", "ready")

    async def test_who_has_left_hears_nothing_more(self, store: Store, given: Given) -> None:
        gone, here = Ear(store.bell), Ear(store.bell)
        gone.leave()
        gone.leave()
        await given.task()
        await here.hears("log", "ready")
        assert gone.words == []

    async def test_a_listener_that_fails_takes_nobody_s_ring_away(
        self, store: Store, given: Given
    ) -> None:
        def fails(words: frozenset[str]) -> None:
            raise RuntimeError(f"cannot bear {words}")

        store.bell.listen(fails)
        ear = Ear(store.bell)
        task = await given.task()
        await ear.hears("log", "ready")
        assert await store.ready.row(task.id) is not None
