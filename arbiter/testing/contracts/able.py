"""What every ready queue promises about tasks that nobody is able to do."""

from __future__ import annotations

from arbiter.testing.contracts.contract import Contract
from arbiter.testing.contracts.given import Given
from arbiter.testing.contracts.store import Store

RUST = {"languages": ("rust",)}


class AbleContract(Contract):
    """A task is unroutable when its kind is hosted, but what it needs is not."""

    async def test_a_task_whose_needs_nobody_meets_is_unroutable(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff", languages=("python",))
        await given.worker(agents=["ruff"])
        await given.task(requirements={"languages": ("python",)})
        await given.task()
        stuck = await given.task(requirements=RUST)
        assert list(await store.ready.unroutable(10)) == [stuck.id]

    async def test_all_needs_are_met_by_one_agent(self, store: Store, given: Given) -> None:
        await given.agent("ruff", languages=("python",))
        await given.agent("clippy", languages=("rust",))
        await given.worker(agents=["ruff", "clippy"])
        await given.task(requirements=RUST)
        both = await given.task(requirements={"languages": ("python", "rust")})
        assert list(await store.ready.unroutable(10)) == [both.id]

    async def test_any_live_worker_s_agent_is_enough(self, store: Store, given: Given) -> None:
        await given.agent("ruff", languages=("python",))
        await given.agent("clippy", languages=("rust",))
        await given.worker(agents=["ruff"])
        task = await given.task(requirements=RUST)
        assert list(await store.ready.unroutable(10)) == [task.id]
        await given.worker(agents=["clippy"])
        assert list(await store.ready.unroutable(10)) == []

    async def test_an_agent_of_a_lost_worker_does_not_count(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff", languages=("python",))
        await given.agent("clippy", languages=("rust",))
        await given.worker(agents=["ruff"])
        lost = await given.worker(agents=["clippy"])
        task = await given.task(requirements=RUST)
        await store.leases.mark_lost(given.lost(lost))
        assert list(await store.ready.unroutable(10)) == [task.id]

    async def test_an_agent_of_another_kind_does_not_count(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff", languages=("python",))
        await given.agent("cargo", kinds=["build"], languages=("rust",))
        await given.worker(agents=["ruff", "cargo"])
        task = await given.task(requirements=RUST)
        assert list(await store.ready.unroutable(10)) == [task.id]

    async def test_an_agent_of_another_queue_does_not_count(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff", languages=("python",))
        await given.agent("clippy", languages=("rust",))
        await given.worker(agents=["ruff"])
        await given.worker(agents=["clippy"], queues=["night"])
        task = await given.task(requirements=RUST)
        await given.task(requirements=RUST, queue="night")
        assert list(await store.ready.unroutable(10)) == [task.id]

    async def test_a_kind_that_nobody_hosts_just_waits(self, store: Store, given: Given) -> None:
        await given.task(requirements=RUST)
        await given.agent("ruff", languages=("python",))
        await given.worker(agents=["ruff"], queues=["night"])
        assert list(await store.ready.unroutable(10)) == []

    async def test_an_agent_that_learnt_more_counts(self, store: Store, given: Given) -> None:
        await given.agent("ruff", languages=("python",))
        await given.worker(agents=["ruff"])
        await given.task(requirements=RUST)
        learnt = given.updated("ruff", version=2, languages=("python", "rust"))
        await store.directory.append(learnt)
        assert list(await store.ready.unroutable(10)) == []

    async def test_a_task_that_is_not_on_offer_is_not_unroutable(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff", languages=("python",))
        await given.worker(agents=["ruff"])
        await given.task(requirements=RUST, not_before=given.later(60))
        await given.task(requirements=RUST, hold="look at it first")
        postponed = await given.task(requirements=RUST)
        await store.ready.postpone([postponed.id], given.later(60))
        assert list(await store.ready.unroutable(10)) == []

    async def test_no_more_are_told_than_were_asked_for(self, store: Store, given: Given) -> None:
        await given.agent("ruff", languages=("python",))
        await given.worker(agents=["ruff"])
        tasks = await given.tasks(3, requirements=RUST)
        told = await store.ready.unroutable(2)
        assert len(told) == 2
        assert set(told) <= {task.id for task in tasks}
