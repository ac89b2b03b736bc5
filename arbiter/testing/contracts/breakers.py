"""What the breakers promise: the last fact is in force, and no more probes stand than are allowed."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from arbiter.application.ports import Probe, Standing
from arbiter.domain.breaker import State, breaker_id, new_breaker
from arbiter.domain.errors import Conflict
from arbiter.domain.facts import BreakerClosed, BreakerFact, BreakerHalfOpened, BreakerOpened
from arbiter.domain.task import Task
from arbiter.testing.builders import attempt_of, cancelled, completed, worker_lost
from arbiter.testing.contracts.bell import Ear
from arbiter.testing.contracts.contract import Contract
from arbiter.testing.contracts.given import Given, decision
from arbiter.testing.contracts.store import Store

RUFF = "ruff"
HOST = "transport:https://reviews.example"


class BreakersContract(Contract):
    """Each move is a fact; permits are counted where everybody sees them."""

    async def test_one_that_never_moved_is_closed(self, store: Store) -> None:
        assert await store.breakers.get(RUFF) == new_breaker(RUFF)
        assert list(await store.breakers.all()) == []
        assert dict(await store.breakers.standing()) == {}

    async def test_the_last_move_is_in_force(self, store: Store, given: Given) -> None:
        until = given.later(60)
        await self._opened(store, given, until=until)
        known = await store.breakers.get(RUFF)
        assert (known.state, known.until, known.version) == (State.OPEN, until, 1)
        await self._half_opened(store, given, probes=2)
        known = await store.breakers.get(RUFF)
        assert (known.state, known.until, known.allowed) == (State.HALF_OPEN, None, 2)
        await self._closed(store, given)
        assert (await store.breakers.get(RUFF)).state is State.CLOSED
        assert [each.version for each in await store.breakers.all()] == [3]

    async def test_only_those_not_closed_are_standing(self, store: Store, given: Given) -> None:
        until = given.later(60)
        await self._opened(store, given, until=until)
        await self._opened(store, given, HOST)
        await self._half_opened(store, given, HOST, probes=3)
        assert await store.breakers.standing() == {
            RUFF: Standing(state=State.OPEN, until=until, room=0),
            HOST: Standing(state=State.HALF_OPEN, until=None, room=3),
        }
        await self._closed(store, given)
        assert set(await store.breakers.standing()) == {HOST}

    async def test_a_move_is_a_fact_and_rings_agents(self, store: Store, given: Given) -> None:
        ear = Ear(store.bell)
        await self._opened(store, given)
        [fact] = await store.log.stream(breaker_id(RUFF))
        assert isinstance(fact, BreakerOpened)
        await ear.hears("log", "agents")

    async def test_a_version_is_taken_once(self, store: Store, given: Given) -> None:
        await self._opened(store, given)
        with pytest.raises(Conflict):
            await store.breakers.move(self._fact(given, BreakerClosed, RUFF, 1))
        assert (await store.breakers.get(RUFF)).state is State.OPEN
        assert len(await store.log.stream(breaker_id(RUFF))) == 1

    async def test_of_many_who_move_it_at_once_one_does(self, store: Store, given: Given) -> None:
        facts = [self._fact(given, BreakerOpened, RUFF, 1, why=f"{n}") for n in range(4)]
        outcomes = await asyncio.gather(
            *(store.breakers.move(fact) for fact in facts), return_exceptions=True
        )
        refused = [outcome for outcome in outcomes if outcome is not None]
        assert [type(no) for no in refused] == [Conflict] * 3
        assert (await store.breakers.get(RUFF)).version == 1

    # -- permits

    async def test_a_closed_one_permits_everything(self, store: Store, given: Given) -> None:
        me = await given.worker()
        probes = [await self._probe(given, me) for _ in range(3)]
        permitted = await store.breakers.permit(me, probes)
        assert permitted == {probe.task_id for probe in probes}

    async def test_what_is_under_no_breaker_is_permitted(self, store: Store, given: Given) -> None:
        me = await given.worker()
        probe = await self._probe(given, me, breakers=())
        assert await store.breakers.permit(me, [probe]) == {probe.task_id}

    async def test_an_open_one_permits_nothing(self, store: Store, given: Given) -> None:
        me = await given.worker()
        await self._opened(store, given)
        probe = await self._probe(given, me)
        assert await store.breakers.permit(me, [probe]) == frozenset()

    async def test_a_half_open_one_permits_as_many_as_it_allows(
        self, store: Store, given: Given
    ) -> None:
        me = await given.worker()
        await self._is_half_open(store, given, probes=2)
        probes = [await self._probe(given, me) for _ in range(3)]
        assert await store.breakers.permit(me, probes) == {each.task_id for each in probes[:2]}
        assert (await store.breakers.standing())[RUFF].room == 0
        assert await store.breakers.permit(me, probes[2:]) == frozenset()

    async def test_who_asks_twice_for_a_task_takes_one_permit(
        self, store: Store, given: Given
    ) -> None:
        me = await given.worker()
        await self._is_half_open(store, given, probes=1)
        probe = await self._probe(given, me)
        for attempt_id in (probe.attempt_id, uuid4()):
            again = Probe(task_id=probe.task_id, attempt_id=attempt_id, breakers=(RUFF,))
            assert await store.breakers.permit(me, [again]) == {probe.task_id}

    async def test_many_workers_take_no_more_permits_than_there_are(
        self, store: Store, given: Given
    ) -> None:
        await self._is_half_open(store, given, probes=2)
        workers = [await given.worker() for _ in range(6)]
        asking = [(me, await self._probe(given, me)) for me in workers]
        permitted = await asyncio.gather(
            *(store.breakers.permit(me, [probe]) for me, probe in asking)
        )
        assert sum(map(len, permitted)) == 2

    async def test_every_breaker_has_to_permit_it(self, store: Store, given: Given) -> None:
        me = await given.worker()
        await self._is_half_open(store, given, probes=1)
        await self._opened(store, given, HOST)
        both = await self._probe(given, me, breakers=(RUFF, HOST))
        assert await store.breakers.permit(me, [both]) == frozenset()
        alone = await self._probe(given, me)
        assert await store.breakers.permit(me, [alone]) == {alone.task_id}

    async def test_a_permit_lasts_as_long_as_the_attempt(self, store: Store, given: Given) -> None:
        me = await given.worker()
        await self._is_half_open(store, given, probes=1)
        task, probe = await self._probing(store, given, me)
        assert await store.breakers.give_back() == 0
        other = await self._probe(given, me)
        assert await store.breakers.permit(me, [other]) == frozenset()
        end, _ = decision(task, completed, at=given.now)
        await given.turn(me, finished=[end])
        assert (await store.breakers.standing())[RUFF].room == 1
        assert await store.breakers.permit(me, [other]) == {other.task_id}
        assert probe.task_id != other.task_id

    async def test_an_attempt_that_fails_or_is_cancelled_ends_its_permit(
        self, store: Store, given: Given
    ) -> None:
        me = await given.worker()
        await self._is_half_open(store, given, probes=1)
        for end in (worker_lost, cancelled):
            task, _ = await self._probing(store, given, me)
            await given.then(task, end)
            assert (await store.breakers.standing())[RUFF].room == 1

    async def test_a_permit_that_was_not_used_ends_with_the_claim(
        self, store: Store, given: Given
    ) -> None:
        me = await given.worker()
        await self._is_half_open(store, given, probes=1)
        probe = await self._probe(given, me)
        await store.breakers.permit(me, [probe])
        await store.ready.unclaim(me, [probe.task_id])
        assert (await store.breakers.standing())[RUFF].room == 1

    async def test_a_permit_ends_when_the_task_begins_elsewhere(
        self, store: Store, given: Given
    ) -> None:
        me = await given.worker()
        await self._is_half_open(store, given, probes=1)
        task = await self._claimed(given, me)
        elsewhere = Probe(task_id=task.id, attempt_id=uuid4(), breakers=(RUFF,))
        assert await store.breakers.permit(me, [elsewhere]) == {task.id}
        begun, _ = given.beginning(task, me)
        await given.turn(me, begun=[begun])
        assert (await store.breakers.standing())[RUFF].room == 1

    async def test_permits_given_back_ring_agents_once(self, store: Store, given: Given) -> None:
        me = await given.worker()
        await self._is_half_open(store, given, probes=1)
        task, _ = await self._probing(store, given, me)
        await given.then(task, cancelled)
        ear = Ear(store.bell)
        assert await store.breakers.give_back() == 1
        await ear.hears("agents")
        assert await store.breakers.give_back() == 0

    # -- what has happened before

    def _fact(
        self, given: Given, kind: type[BreakerFact], name: str, version: int, **told: Any
    ) -> BreakerFact:
        return kind(breaker_id=breaker_id(name), agent=name, version=version, at=given.now, **told)

    async def _move(
        self, store: Store, given: Given, kind: type[BreakerFact], name: str, **told: Any
    ) -> None:
        version = (await store.breakers.get(name)).version + 1
        await store.breakers.move(self._fact(given, kind, name, version, **told))

    async def _opened(self, store: Store, given: Given, name: str = RUFF, **told: Any) -> None:
        await self._move(store, given, BreakerOpened, name, **told)

    async def _half_opened(self, store: Store, given: Given, name: str = RUFF, **told: Any) -> None:
        await self._move(store, given, BreakerHalfOpened, name, **told)

    async def _closed(self, store: Store, given: Given, name: str = RUFF) -> None:
        await self._move(store, given, BreakerClosed, name)

    async def _is_half_open(self, store: Store, given: Given, *, probes: int) -> None:
        await self._opened(store, given)
        await self._half_opened(store, given, probes=probes)

    async def _claimed(self, given: Given, me: UUID) -> Task:
        task = await given.task()
        assert task.id in await given.claimed(me)
        return task

    async def _probe(self, given: Given, me: UUID, breakers: tuple[str, ...] = (RUFF,)) -> Probe:
        task = await self._claimed(given, me)
        return Probe(task_id=task.id, attempt_id=attempt_of(task.id, 1), breakers=breakers)

    async def _probing(self, store: Store, given: Given, me: UUID) -> tuple[Task, Probe]:
        task = await self._claimed(given, me)
        probe = Probe(task_id=task.id, attempt_id=attempt_of(task.id, 1), breakers=(RUFF,))
        assert await store.breakers.permit(me, [probe]) == {task.id}
        begun, running = given.beginning(task, me)
        turned = await given.turn(me, begun=[begun])
        assert turned.accepted == {task.id}
        return running, probe
