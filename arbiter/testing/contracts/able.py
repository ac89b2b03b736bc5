"""What every ready queue promises about tasks that nobody is able to do."""

from __future__ import annotations

from typing import Any

from arbiter.application.agents import agent_id
from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.breaker import breaker_id, transport_breaker
from arbiter.domain.facts import (
    AgentStatusChanged,
    BreakerClosed,
    BreakerFact,
    BreakerHalfOpened,
    BreakerOpened,
    Transport,
)
from arbiter.testing.builders import attempt_failed, deferred, rescheduled
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
        assert [each.task_id for each in await store.ready.unroutable(10)] == [stuck.id]

    async def test_all_needs_are_met_by_one_agent(self, store: Store, given: Given) -> None:
        await given.agent("ruff", languages=("python",))
        await given.agent("clippy", languages=("rust",))
        await given.worker(agents=["ruff", "clippy"])
        await given.task(requirements=RUST)
        both = await given.task(requirements={"languages": ("python", "rust")})
        assert [each.task_id for each in await store.ready.unroutable(10)] == [both.id]

    async def test_any_live_worker_s_agent_is_enough(self, store: Store, given: Given) -> None:
        await given.agent("ruff", languages=("python",))
        await given.agent("clippy", languages=("rust",))
        await given.worker(agents=["ruff"])
        task = await given.task(requirements=RUST)
        assert [each.task_id for each in await store.ready.unroutable(10)] == [task.id]
        await given.worker(agents=["clippy"])
        assert [each.task_id for each in await store.ready.unroutable(10)] == []

    async def test_an_agent_of_a_lost_worker_does_not_count(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff", languages=("python",))
        await given.agent("clippy", languages=("rust",))
        await given.worker(agents=["ruff"])
        lost = await given.worker(agents=["clippy"])
        task = await given.task(requirements=RUST)
        await store.leases.mark_lost(given.lost(lost))
        assert [each.task_id for each in await store.ready.unroutable(10)] == [task.id]

    async def test_an_agent_of_another_kind_does_not_count(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff", languages=("python",))
        await given.agent("cargo", kinds=["build"], languages=("rust",))
        await given.worker(agents=["ruff", "cargo"])
        task = await given.task(requirements=RUST)
        assert [each.task_id for each in await store.ready.unroutable(10)] == [task.id]

    async def test_an_agent_of_another_queue_does_not_count(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff", languages=("python",))
        await given.agent("clippy", languages=("rust",))
        await given.worker(agents=["ruff"])
        await given.worker(agents=["clippy"], queues=["night"])
        task = await given.task(requirements=RUST)
        await given.task(requirements=RUST, queue="night")
        assert [each.task_id for each in await store.ready.unroutable(10)] == [task.id]

    async def test_a_kind_that_nobody_hosts_just_waits(self, store: Store, given: Given) -> None:
        await given.task(requirements=RUST)
        await given.agent("ruff", languages=("python",))
        await given.worker(agents=["ruff"], queues=["night"])
        assert [each.task_id for each in await store.ready.unroutable(10)] == []

    async def test_an_agent_that_learnt_more_counts(self, store: Store, given: Given) -> None:
        await given.agent("ruff", languages=("python",))
        await given.worker(agents=["ruff"])
        await given.task(requirements=RUST)
        learnt = given.updated("ruff", version=2, languages=("python", "rust"))
        await store.directory.append(learnt)
        assert [each.task_id for each in await store.ready.unroutable(10)] == []

    async def test_a_task_that_is_not_on_offer_is_not_unroutable(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff", languages=("python",))
        await given.worker(agents=["ruff"])
        await given.task(requirements=RUST, not_before=given.later(60))
        await given.task(requirements=RUST, hold="look at it first")
        postponed = await given.task(requirements=RUST)
        await store.ready.postpone([postponed.id], given.later(60), "nobody able")
        assert [each.task_id for each in await store.ready.unroutable(10)] == []

    async def test_no_more_are_told_than_were_asked_for(self, store: Store, given: Given) -> None:
        await given.agent("ruff", languages=("python",))
        await given.worker(agents=["ruff"])
        tasks = await given.tasks(3, requirements=RUST)
        told = await store.ready.unroutable(2)
        assert len(told) == 2
        assert {each.task_id for each in told} <= {task.id for task in tasks}

    async def test_a_task_all_of_whose_agents_are_kept_from_work_is_unroutable(
        self, store: Store, given: Given
    ) -> None:
        await self._open(store, given, "ruff")
        await given.worker(agents=["ruff", "radon"])
        await given.agent("ruff")
        task = await given.task()
        [stuck] = await store.ready.unroutable(10)
        assert (stuck.task_id, stuck.kept) == (task.id, {"ruff": "breaker open"})
        await given.agent("radon")
        assert list(await store.ready.unroutable(10)) == []
        await store.directory.append(self._status(given, "radon", AgentStatus.MAINTENANCE))
        [stuck] = await store.ready.unroutable(10)
        assert stuck.kept == {"radon": "maintenance", "ruff": "breaker open"}

    async def test_who_is_not_able_is_no_reason(self, store: Store, given: Given) -> None:
        await given.agent("ruff", languages=("python",))
        await given.agent("clippy", languages=("rust",))
        await given.worker(agents=["ruff", "clippy"])
        await self._open(store, given, "clippy")
        free, stuck = await given.task(), await given.task(requirements=RUST)
        [told] = await store.ready.unroutable(10)
        assert (told.task_id, told.kept) == (stuck.id, {"clippy": "breaker open"})
        assert told.task_id != free.id

    async def test_an_open_breaker_of_the_transport_keeps_all_agents_behind_it(
        self, store: Store, given: Given
    ) -> None:
        url = "HTTPS://ann:a@b@Reviews.example:8443/x?y#z"
        await given.agent("far", reached_by=Transport(type="http", url=url))
        await given.worker(agents=["far"])
        await given.task()
        assert list(await store.ready.unroutable(10)) == []
        await self._open(store, given, transport_breaker(url))
        [stuck] = await store.ready.unroutable(10)
        assert stuck.kept == {"far": "breaker of its transport open"}

    async def test_a_half_open_breaker_keeps_nobody(self, store: Store, given: Given) -> None:
        await given.agent("ruff")
        await given.worker(agents=["ruff"])
        await given.task()
        await self._open(store, given, "ruff")
        await self._move(store, given, BreakerHalfOpened, "ruff", probes=1)
        assert list(await store.ready.unroutable(10)) == []

    async def test_what_was_set_aside_is_offered_once_somebody_may_do_it(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff")
        me = await given.worker(agents=["ruff"])
        await self._open(store, given, "ruff")
        task = await given.task()
        await store.ready.postpone([task.id], given.later(60), "ruff is open")
        assert await store.ready.offer_set_aside(10) == 0
        assert await given.claimed(me) == []
        await self._move(store, given, BreakerClosed, "ruff")
        assert await store.ready.offer_set_aside(10) == 1
        [row] = [await store.ready.row(task.id)]
        assert row is not None
        assert row.due
        assert await store.ready.offer_set_aside(10) == 0
        await self._open(store, given, "ruff")
        [stuck] = await store.ready.unroutable(10)
        assert stuck.set_aside == "ruff is open"

    async def test_what_waits_for_its_own_moment_is_not_offered_before(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff")
        await given.worker(agents=["ruff"])
        task = await given.task()
        await store.ready.postpone([task.id], given.later(60), "ruff is open")
        await given.then(task, rescheduled(not_before=given.later(90)))
        assert await store.ready.offer_set_aside(10) == 0
        later = await given.task(not_before=given.later(60))
        await store.ready.postpone([later.id], given.later(5), "ruff is open")
        assert await store.ready.offer_set_aside(10) == 0

    async def test_a_retry_after_it_was_set_aside_waits_for_its_moment(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff")
        me = await given.worker(agents=["ruff"])
        task = await given.task()
        await store.ready.postpone([task.id], given.later(60), "ruff is open")
        assert await store.ready.offer_set_aside(10) == 1
        assert await given.claimed(me) == [task.id]
        begun, running = given.beginning(task, me)
        await given.turn(me, begun=[begun])
        await given.then(running, attempt_failed)
        assert await store.ready.offer_set_aside(10) == 0

    async def test_a_deferral_and_its_postponing_go_together(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff")
        await given.worker(agents=["ruff"])
        task = await given.task()
        until = given.later(30)
        await given.then(task, deferred(reason="ruff is open", look_again=until))
        await store.ready.postpone([task.id], until, "ruff is open")
        assert await store.ready.offer_set_aside(10) == 1

    async def _open(self, store: Store, given: Given, name: str) -> None:
        await self._move(store, given, BreakerOpened, name)

    async def _move(
        self, store: Store, given: Given, kind: type[BreakerFact], name: str, **told: Any
    ) -> None:
        version = (await store.breakers.get(name)).version + 1
        await store.breakers.move(
            kind(breaker_id=breaker_id(name), agent=name, version=version, at=given.now, **told)
        )

    def _status(self, given: Given, name: str, status: AgentStatus) -> AgentStatusChanged:
        return AgentStatusChanged(
            agent_id=agent_id(name), version=2, at=given.now, name=name, status=status
        )
