"""What the switches of queues promise."""

from __future__ import annotations

import pytest

from arbiter.application.agents import queue_id
from arbiter.application.ports import QueueState
from arbiter.domain.errors import Conflict
from arbiter.domain.facts import QueuePaused, QueueResumed
from arbiter.testing.contracts.contract import Contract
from arbiter.testing.contracts.given import Given
from arbiter.testing.contracts.store import Store


class QueuesContract(Contract):
    """Each switch is a fact; the last one set is in force."""

    async def test_a_queue_nobody_touched_is_open_and_unlimited(self, store: Store) -> None:
        untouched = QueueState(queue="night", version=0, paused=False, running_limit=None)
        assert await store.queues.get("night") == untouched
        assert list(await store.queues.all()) == []

    async def test_a_pause_is_in_force_until_the_queue_is_resumed(
        self, store: Store, given: Given
    ) -> None:
        await given.paused("night")
        assert await store.queues.get("night") == QueueState(queue="night", version=1, paused=True)
        await given.resumed("night")
        assert await store.queues.get("night") == QueueState(queue="night", version=2)

    async def test_a_limit_is_in_force_until_another_is_set(
        self, store: Store, given: Given
    ) -> None:
        await given.limited(4)
        assert (await store.queues.get("default")).running_limit == 4
        await given.limited(2)
        assert (await store.queues.get("default")).running_limit == 2
        await given.limited(None)
        assert await store.queues.get("default") == QueueState(queue="default", version=3)

    async def test_one_switch_leaves_the_other_as_it_is(self, store: Store, given: Given) -> None:
        await given.limited(4)
        await given.paused()
        both = QueueState(queue="default", version=2, paused=True, running_limit=4)
        assert await store.queues.get("default") == both
        await given.resumed()
        assert (await store.queues.get("default")).running_limit == 4
        await given.paused()
        await given.limited(None)
        assert (await store.queues.get("default")).paused

    async def test_one_queue_leaves_the_others_as_they_are(
        self, store: Store, given: Given
    ) -> None:
        await given.paused("night")
        assert not (await store.queues.get("default")).paused

    async def test_a_switch_is_a_fact(self, store: Store, given: Given) -> None:
        paused = self._paused(given, version=1)
        await store.queues.set(paused)
        assert list(await store.log.stream(queue_id("default"))) == [paused]

    async def test_a_version_is_taken_once(self, store: Store, given: Given) -> None:
        await store.queues.set(self._paused(given, version=1))
        resumed = QueueResumed(
            queue_id=queue_id("default"), queue="default", version=1, at=given.now
        )
        with pytest.raises(Conflict):
            await store.queues.set(resumed)
        assert (await store.queues.get("default")).paused
        assert len(await store.log.stream(queue_id("default"))) == 1

    async def test_every_queue_that_was_touched_is_told(self, store: Store, given: Given) -> None:
        await given.paused("night")
        await given.limited(3, "day")
        await given.limited(None, "evening")
        told = {state.queue: state for state in await store.queues.all()}
        assert set(told) == {"night", "day", "evening"}
        assert told["night"].paused
        assert told["day"].running_limit == 3

    def _paused(self, given: Given, *, version: int) -> QueuePaused:
        return QueuePaused(
            queue_id=queue_id("default"),
            queue="default",
            version=version,
            at=given.now,
            by="somebody",
            why="a release",
        )
