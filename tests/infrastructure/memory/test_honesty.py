"""The twins lose what a database would lose, and wait where it would wait."""

import asyncio
from uuid import uuid4

import pytest

from arbiter.domain.errors import Conflict
from arbiter.domain.facts import FACTS, TaskSubmitted, UnknownTopic
from arbiter.infrastructure.memory.adapters import in_memory
from arbiter.testing.builders import cancelled
from arbiter.testing.clock import FrozenClock
from arbiter.testing.contracts.given import Given


@pytest.fixture
def memory():
    return in_memory(FrozenClock())


@pytest.fixture
def given(memory):
    return Given(memory)


async def test_a_fact_is_read_from_its_bytes_each_time(memory, given):
    task = await given.task(requirements={"languages": ("python",)})
    one, other = [(await memory.log.stream(task.id))[0] for _ in range(2)]
    assert one == other
    assert one is not other
    assert one.requirements is not other.requirements


async def test_a_fact_of_a_newer_version_cannot_be_read(memory, given, monkeypatch):
    task = await given.task()
    monkeypatch.setitem(FACTS, "task.invented", TaskSubmitted)
    monkeypatch.setattr(TaskSubmitted, "topic", "task.invented")
    invented = await given.task()
    assert await memory.log.stream(task.id)
    with pytest.raises(UnknownTopic):
        await memory.log.stream(invented.id)


async def test_every_call_lets_others_go_first(memory, given):
    task = await given.task()
    gone_first = []
    asyncio.get_running_loop().call_soon(gone_first.append, "somebody else")
    await memory.ready.row(task.id)
    assert gone_first == ["somebody else"]


async def test_who_reads_before_deciding_can_lose_the_race(given):
    task = await given.task()
    outcomes = await asyncio.gather(
        *(given.then(task, cancelled) for _ in range(3)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes].count(Conflict) == 2


async def test_what_began_before_a_barrier_has_ended_behind_it(memory, given):
    appending = asyncio.ensure_future(given.task())
    await asyncio.sleep(0)
    assert written(memory) == 0
    await memory.log.barrier(uuid4())
    assert written(memory) == 2
    await appending


def written(memory):
    return memory.store.facts.last_position
