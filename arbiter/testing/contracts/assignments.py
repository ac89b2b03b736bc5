"""What every way from the claiming worker to the hosting one promises."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

from arbiter.application.ports import Assignment
from arbiter.domain.facts import TaskRouted
from arbiter.domain.task import Task
from arbiter.testing.builders import routed, started, suspended
from arbiter.testing.contracts.contract import Contract
from arbiter.testing.contracts.given import KIND, QUEUE, Given, decision, wanted
from arbiter.testing.contracts.store import Store


class AssignmentsContract(Contract):
    """A task that was given is in one worker's hands at any time, with the facts to prove it."""

    async def _claimed(self, given: Given, me: UUID) -> Task:
        task = await given.task()
        assert await given.claimed(me, wanted(1)) == [task.id]
        return task

    def _assignment(self, given: Given, task: Task, host: UUID) -> Assignment:
        made, after = decision(task, routed(incarnation=host, agent="bandit"), at=given.now)
        [fact] = made.facts
        assert isinstance(fact, TaskRouted)
        return Assignment(fact, after)

    async def _given(self, store: Store, given: Given, me: UUID, host: UUID) -> Assignment:
        assignment = self._assignment(given, await self._claimed(given, me), host)
        assert await store.assignments.give(me, [assignment]) == frozenset()
        return assignment

    async def test_it_rests_with_its_host_and_nobody_else_is_offered_it(
        self, store: Store, given: Given
    ) -> None:
        me, host, third = [await given.worker() for _ in range(3)]
        assignment = await self._given(store, given, me, host)
        task_id = assignment.task.id
        row = await store.ready.row(task_id)
        assert row is not None
        assert (row.status, row.claimed_by, row.version) == ("assigned", host, 3)
        assert (row.attempt, row.attempt_id) == (1, assignment.fact.attempt_id)
        assert await store.assignments.given(host, [QUEUE], 10) == [task_id]
        assert await store.assignments.given(me, [QUEUE], 10) == []
        assert await given.claimed(third) == []
        assert list(await store.ready.claimed_by(host, 10)) == [task_id]
        assert (await store.log.stream(task_id))[-1] == assignment.fact

    async def test_the_most_urgent_come_first_and_only_of_the_queues_asked_for(
        self, store: Store, given: Given
    ) -> None:
        me, host = await given.worker(), await given.worker()
        tasks = [await given.task(priority=priority) for priority in (1, 9, 5)]
        await given.claimed(me)
        assignments = [self._assignment(given, task, host) for task in tasks]
        await store.assignments.give(me, assignments)
        found = await store.assignments.given(host, [QUEUE], 2)
        assert list(found) == [tasks[1].id, tasks[2].id]
        assert await store.assignments.given(host, ["another"], 10) == []

    async def test_the_host_starts_it_and_nobody_else_can(self, store: Store, given: Given) -> None:
        me, host = await given.worker(), await given.worker()
        assignment = await self._given(store, given, me, host)
        made, running = decision(assignment.task, started, at=given.now)
        await store.log.append(made)
        assert running.incarnation == host
        assert await store.assignments.given(host, [QUEUE], 10) == []

    async def test_a_host_that_is_lost_or_gone_is_given_nothing(
        self, store: Store, given: Given
    ) -> None:
        me, lost, gone = [await given.worker() for _ in range(3)]
        await store.leases.mark_lost(given.lost(lost))
        await store.leases.leave(given.left(gone))
        for host in (lost, gone, uuid4()):
            task = await self._claimed(given, me)
            position = await store.log.last_position()
            refused = await store.assignments.give(me, [self._assignment(given, task, host)])
            assert refused == {task.id}
            assert await store.log.last_position() == position
            row = await store.ready.row(task.id)
            assert row is not None
            assert (row.status, row.claimed_by) == ("queued", me)

    async def test_who_is_lost_itself_gives_nothing(self, store: Store, given: Given) -> None:
        me, host = await given.worker(), await given.worker()
        task = await self._claimed(given, me)
        await store.leases.mark_lost(given.lost(me))
        assert await store.assignments.give(me, [self._assignment(given, task, host)]) == {task.id}

    async def test_what_has_moved_on_is_refused_and_the_rest_is_given(
        self, store: Store, given: Given
    ) -> None:
        me, host = await given.worker(), await given.worker()
        moved, stays = [await self._claimed(given, me) for _ in range(2)]
        await given.then(moved, suspended)
        assignments = [self._assignment(given, task, host) for task in (moved, stays)]
        assert await store.assignments.give(me, assignments) == {moved.id}
        assert await store.assignments.given(host, [QUEUE], 10) == [stays.id]

    async def test_only_what_we_have_claimed_can_be_given(self, store: Store, given: Given) -> None:
        me, host, other = [await given.worker() for _ in range(3)]
        task = await self._claimed(given, other)
        assert await store.assignments.give(me, [self._assignment(given, task, host)]) == {task.id}

    async def test_the_host_hears_of_it(self, store: Store, given: Given) -> None:
        me, host = await given.worker(), await given.worker()
        assignment = self._assignment(given, await self._claimed(given, me), host)
        heard: set[str] = set()
        rung = asyncio.Event()

        def hear(words: frozenset[str]) -> None:
            heard.update(words)
            if f"assigned {host}" in heard:
                rung.set()

        leave = store.bell.listen(hear)
        await store.assignments.give(me, [assignment])
        async with asyncio.timeout(10):
            await rung.wait()
        leave()
        assert "log" in heard

    async def test_it_tells_which_agents_others_host_and_how_busy_they_are(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("bandit", languages=("python",), max_concurrency=3)
        await given.agent("ruff")
        await given.agent("writer", kinds=["write"])
        me = await given.worker(agents=["ruff"])
        host = await given.worker(agents=["bandit", "writer", "unknown"])
        await given.worker(agents=["bandit"], queues=["another"])
        gone = await given.worker(agents=["bandit"])
        await store.leases.leave(given.left(gone))
        await self._given(store, given, me, host)
        [found] = await store.assignments.hosts(me, [QUEUE], [KIND])
        assert (found.profile.name, found.incarnation) == ("bandit", host)
        assert found.profile.kinds == (KIND,)
        assert found.abilities == {"languages:python"}
        assert found.queues == {QUEUE}
        assert (found.profile.max_concurrency, found.busy) == (3, 1)
        assert await store.assignments.hosts(me, [QUEUE], ["nothing"]) == []

    async def test_what_an_agent_has_outside_counts_and_who_is_silent_is_left_out(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff")
        me, host = await given.worker(agents=["radon"]), await given.worker()
        await given.outside(host)
        [found] = await store.assignments.hosts(me, [QUEUE], [KIND])
        assert found.busy == 1
        await store.directory.asked("ruff", given.now, answers=False)
        assert await store.assignments.hosts(me, [QUEUE], [KIND]) == []
        await store.directory.asked("ruff", given.now, answers=True)
        assert len(await store.assignments.hosts(me, [QUEUE], [KIND])) == 1
