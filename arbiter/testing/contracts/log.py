"""What every log promises."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from arbiter.application.ports import Entry, Recorded
from arbiter.domain.blob import blob_of
from arbiter.domain.errors import Conflict
from arbiter.domain.facts import TaskSubmitted, WorkerJoined
from arbiter.domain.task import Task
from arbiter.testing.builders import (
    cancelled,
    gated,
    redriven,
    released,
    rescheduled,
    routed,
    submitted,
    suspended,
)
from arbiter.testing.contracts.contract import Contract
from arbiter.testing.contracts.given import Given, decision
from arbiter.testing.contracts.store import Store

RICH: dict[str, Any] = {
    "payload": blob_of(b'{"diff": "\xc3\xa9\\u0000", "exact": 1.0, "exact ": 1e2}'),
    "requirements": {"languages": ("python", "sql")},
    "tenant": "Ärzte",
    "priority": 9,
    "subject": "somebody's",
}

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2200, 1, 1, tzinfo=UTC)


class LogContract(Contract):
    """All facts, in commit order."""

    async def test_facts_are_read_back_as_they_were_appended(
        self, store: Store, given: Given
    ) -> None:
        at = datetime(2030, 1, 1, 12, 0, 0, 123_457, tzinfo=UTC)
        made, task = decision(None, *given.submission(**RICH), at=at)
        await store.log.append(made)
        assert await store.log.stream(task.id) == list(made.facts)

    async def test_a_payload_keeps_its_bytes(self, store: Store, given: Given) -> None:
        task = await given.task(**RICH)
        first = (await store.log.stream(task.id))[0]
        assert isinstance(first, TaskSubmitted)
        assert first.payload.json() == RICH["payload"].json()

    async def test_a_stream_holds_its_facts_in_order(self, store: Store, given: Given) -> None:
        task = await given.then(await given.task(), rescheduled)
        await given.then(task, suspended)
        versions = [fact.version for fact in await store.log.stream(task.id)]
        assert versions == [1, 2, 3, 4]

    async def test_an_unknown_stream_holds_nothing(self, store: Store) -> None:
        assert list(await store.log.stream(uuid4())) == []
        assert list(await store.log.recorded(uuid4())) == []

    async def test_several_streams_are_read_at_once_and_unknown_ones_left_out(
        self, store: Store, given: Given
    ) -> None:
        one, other = await given.tasks(2)
        read = await store.log.streams([other.id, uuid4(), one.id])
        assert set(read) == {one.id, other.id}
        assert read[one.id] == await store.log.stream(one.id)

    async def test_nothing_is_read_of_no_streams(self, store: Store, given: Given) -> None:
        await given.task()
        assert dict(await store.log.streams([])) == {}

    async def test_positions_rise_with_versions(self, store: Store, given: Given) -> None:
        task = await given.task()
        await given.task()
        await given.then(task, rescheduled, suspended)
        recorded = await store.log.recorded(task.id)
        positions = [one.position for one in recorded]
        assert [one.fact.version for one in recorded] == [1, 2, 3, 4]
        assert positions == sorted(set(positions))

    async def test_an_append_answers_with_the_position_it_reached(
        self, store: Store, given: Given
    ) -> None:
        await given.task()
        made, task = decision(None, *given.submission(), at=given.now)
        reached = await store.log.append(made)
        assert (await store.log.recorded(task.id))[-1].position == reached
        assert await store.log.last_position() == reached

    async def test_who_puts_a_decision_is_told_once(self, store: Store, given: Given) -> None:
        made, task = decision(None, *given.submission(), at=given.now)
        first = await self._put(store, made)
        assert (await store.log.recorded(task.id))[-1].position == first
        again = await self._put(store, made)
        assert isinstance(again, Conflict)
        assert len(await store.log.stream(task.id)) == task.version

    async def _put(self, store: Store, made: Entry) -> int | Exception:
        told: list[int | Exception] = []
        answered = asyncio.Event()

        def answer(outcome: int | Exception) -> None:
            told.append(outcome)
            answered.set()

        store.log.put(made, answer)
        await asyncio.wait_for(answered.wait(), 10)
        [outcome] = told
        return outcome

    async def test_an_empty_log_is_at_position_zero(self, store: Store) -> None:
        assert await store.log.last_position() == 0
        assert list(await store.log.read(0, 10)) == []

    async def test_the_log_is_read_on_from_any_position(self, store: Store, given: Given) -> None:
        for _ in range(5):
            await given.task()
        everything = await store.log.read(0, 100)
        seen: list[Recorded] = []
        while page := await store.log.read(seen[-1].position if seen else 0, 3):
            assert len(page) <= 3
            seen.extend(page)
        assert seen == list(everything)
        assert [one.position for one in seen] == sorted({one.position for one in seen})
        assert seen[-1].position == await store.log.last_position()

    async def test_routed_tasks_are_found_again_page_by_page(
        self, store: Store, given: Given
    ) -> None:
        await given.task()
        tasks = [await given.then(await given.task(), routed) for _ in range(3)]
        await given.then(tasks[0], released, routed)
        everything = await store.log.routed_since(LONG_AGO)
        wanted = [task.id for task in (*tasks, tasks[0])]
        assert [task_id for _, task_id in everything] == wanted
        paged: list[tuple[int, UUID]] = []
        while page := await store.log.routed_since(
            LONG_AGO, after=paged[-1][0] if paged else 0, limit=3
        ):
            assert len(page) <= 3
            paged.extend(page)
        assert paged == list(everything)

    async def test_what_was_routed_before_is_not_found(self, store: Store, given: Given) -> None:
        await given.then(await given.task(), routed)
        assert list(await store.log.routed_since(FAR_AHEAD)) == []

    async def test_nothing_lies_behind_the_last_position(self, store: Store, given: Given) -> None:
        await given.task()
        assert list(await store.log.read(await store.log.last_position(), 10)) == []

    async def test_an_append_keeps_the_task_s_ready_row(self, store: Store, given: Given) -> None:
        made, task = decision(None, *given.submission(**RICH), at=given.now)
        await store.log.append(made)
        assert await store.ready.row(task.id) == made.row

    async def test_a_task_that_wants_nothing_any_more_has_no_row(
        self, store: Store, given: Given
    ) -> None:
        task = await given.task()
        await given.then(task, cancelled)
        assert await store.ready.row(task.id) is None

    async def test_a_redriven_task_has_a_row_again(self, store: Store, given: Given) -> None:
        parked = await given.parked()
        made, task = decision(parked, redriven, gated, at=given.now)
        await store.log.append(made)
        assert await store.ready.row(task.id) == made.row

    async def test_a_decision_about_a_task_that_moved_on_writes_nothing(
        self, store: Store, given: Given
    ) -> None:
        task = await given.task()
        moved = await given.then(task, rescheduled)
        row = await store.ready.row(task.id)
        with pytest.raises(Conflict) as refused:
            await given.then(task, cancelled)
        assert (refused.value.task_id, refused.value.version) == (task.id, task.version)
        assert len(await store.log.stream(task.id)) == moved.version
        assert await store.ready.row(task.id) == row

    async def test_a_decision_about_a_task_that_has_ended_is_a_conflict(
        self, store: Store, given: Given
    ) -> None:
        task = await given.task()
        await given.then(task, cancelled)
        with pytest.raises(Conflict):
            await given.then(task, rescheduled)
        assert await store.ready.row(task.id) is None

    async def test_a_task_id_is_taken_once(self, store: Store, given: Given) -> None:
        first = await given.task(kind="first")
        with pytest.raises(Conflict):
            await given.task(task_id=first.id, kind="second")
        row = await store.ready.row(first.id)
        assert row is not None
        assert row.kind == "first"

    async def test_a_parked_task_is_redriven_once(self, store: Store, given: Given) -> None:
        parked = await given.parked()
        running = await given.then(parked, redriven, gated)
        with pytest.raises(Conflict):
            await given.then(parked, redriven, gated)
        assert len(await store.log.stream(parked.id)) == running.version

    async def test_a_conflict_in_the_middle_leaves_the_others_standing(
        self, store: Store, given: Given
    ) -> None:
        tasks = await given.tasks(5)
        await given.then(tasks[2], rescheduled)
        outcomes = await self._append_many(store, given, *tasks)
        assert [type(outcome) for outcome in outcomes] == [int, int, Conflict, int, int]
        ended = [await store.ready.row(task.id) is None for task in tasks]
        assert ended == [True, True, False, True, True]

    async def test_a_taken_id_in_the_middle_leaves_the_others_standing(
        self, store: Store, given: Given
    ) -> None:
        first = await given.task()
        fresh = [uuid4(), uuid4(), first.id, uuid4()]
        entries = [
            decision(None, submitted(task_id=task_id), gated, at=given.now)[0] for task_id in fresh
        ]
        outcomes = await store.log.append_many(entries)
        assert [type(outcome) for outcome in outcomes] == [int, int, Conflict, int]
        for task_id in fresh:
            assert len(await store.log.stream(task_id)) == 2

    async def test_of_two_decisions_at_one_version_one_stands(
        self, store: Store, given: Given
    ) -> None:
        task = await given.task()
        outcomes = await self._append_many(store, given, task, task)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "int"]
        assert len(await store.log.stream(task.id)) == task.version + 1

    async def test_nothing_is_appended_of_no_decisions(self, store: Store) -> None:
        assert list(await store.log.append_many([])) == []
        assert await store.log.last_position() == 0

    async def test_facts_without_a_task_are_appended_in_their_order(
        self, store: Store, given: Given
    ) -> None:
        facts = [given.joined(uuid4()), given.registered("ruff"), given.joined(uuid4())]
        reached = await store.log.append_facts(facts)
        read = await store.log.read(0, 10)
        assert [one.fact for one in read] == facts
        assert read[-1].position == reached

    async def test_facts_are_written_all_or_none(self, store: Store, given: Given) -> None:
        incarnation, fresh = uuid4(), uuid4()
        joined: WorkerJoined = given.joined(incarnation)
        await store.log.append_facts([joined])
        with pytest.raises(Conflict):
            await store.log.append_facts([given.joined(fresh), joined])
        assert list(await store.log.stream(fresh)) == []
        assert len(await store.log.stream(incarnation)) == 1

    async def test_one_place_is_not_taken_twice_within_one_append(
        self, store: Store, given: Given
    ) -> None:
        joined = given.joined(uuid4())
        with pytest.raises(Conflict):
            await store.log.append_facts([joined, joined])
        assert await store.log.last_position() == 0

    async def test_appends_from_everywhere_find_each_a_place(
        self, store: Store, given: Given
    ) -> None:
        await asyncio.gather(*(given.task() for _ in range(60)))
        read = await store.log.read(0, 1000)
        assert len({one.position for one in read}) == 120
        for one, following in zip(read[::2], read[1::2], strict=True):
            assert one.fact.stream_id == following.fact.stream_id

    async def test_who_follows_the_log_misses_no_fact(self, store: Store, given: Given) -> None:
        written = asyncio.gather(*(self._write(given) for _ in range(8)))
        seen: list[Recorded] = []
        reached = 0
        while not written.done() or reached < await store.log.last_position():
            seen.extend(await store.log.read(reached, 7))
            reached = seen[-1].position if seen else 0
        assert seen == list(await store.log.read(0, 1000))
        assert len(seen) == 8 * 10 * 2

    async def test_a_barrier_among_appends_holds_nobody_up_for_good(
        self, store: Store, given: Given
    ) -> None:
        await store.log.barrier(uuid4())
        await asyncio.gather(
            *(given.task() for _ in range(20)), *(store.log.barrier(uuid4()) for _ in range(3))
        )
        await store.log.barrier(uuid4())
        assert len(await store.log.read(0, 100)) == 40

    async def _write(self, given: Given) -> None:
        for _ in range(10):
            await given.task()

    async def _append_many(
        self, store: Store, given: Given, *tasks: Task
    ) -> Sequence[int | Exception]:
        entries = [decision(task, cancelled, at=given.now)[0] for task in tasks]
        return await store.log.append_many(entries)
