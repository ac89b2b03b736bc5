"""What is not as usual is said once, gets worse, and is over; on PostgreSQL and in memory alike."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from arbiter.domain.facts import AnomalyRaised, AnomalyResolved
from arbiter.infrastructure.memory.adapters import in_memory
from arbiter.infrastructure.memory.views import MemoryViews
from arbiter.runtime.anomaly_keeper import AnomalyKeeper
from arbiter.testing.builders import NOON, a_task, completed
from arbiter.testing.clock import FrozenClock
from arbiter.testing.contracts.views import Viewed
from arbiter.testing.scheduler import VirtualScheduler
from tests.support.stores import postgres_store

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["memory", "postgres"])
async def viewed(request):
    clock = FrozenClock(NOON)
    if request.param == "memory":
        log = in_memory(clock).log
        yield Viewed(log, MemoryViews(log, clock), clock)
        return
    async with postgres_store(request.getfixturevalue("database"), clock) as store:
        yield Viewed(store.log, store.views, clock)


def keeper(viewed):
    return AnomalyKeeper(
        viewed.views, viewed.log, clock=viewed.clock, scheduler=VirtualScheduler(viewed.clock)
    )


def lives(at, *, attempts=10, took=1.0, failing=0, quality=None):
    """So many attempts that ended at a moment."""
    told = []
    for number in range(attempts):
        life = a_task(at=at - timedelta(seconds=took), task_id=uuid4(), retry=None).running()
        ends = life.later(took)
        told.append(ends.retrying() if number < failing else ends.then(completed(quality=quality)))
    return told


async def usually(viewed, points=20, **how):
    """Let spans of five minutes pass, in each of which the agent did as it does."""
    told = []
    for _ in range(points):
        told += lives(viewed.clock.now() + MINUTE, **how)
        viewed.clock.advance(300)
    await viewed.tell(*told, most=2_000)


async def these_minutes(viewed, **how):
    """Let one more span pass, and look."""
    viewed.clock.advance(300)
    await viewed.tell(*lives(viewed.clock.now(), **how), most=2_000)
    appended = await keeper(viewed).run_once()
    await viewed.project()
    return appended


async def said(viewed):
    facts = [each.fact for each in await viewed.log.read(0, 100_000)]
    return [
        (type(fact), fact.type, fact.version)
        for fact in facts
        if isinstance(fact, AnomalyRaised | AnomalyResolved)
    ]


async def test_without_twenty_points_nothing_is_unusual(viewed):
    await usually(viewed, points=18)
    assert await these_minutes(viewed, took=60) == 0


async def test_a_slow_agent_is_noticed_once_and_its_recovery_too(viewed):
    await usually(viewed)
    assert await these_minutes(viewed, took=1) == 0
    assert await these_minutes(viewed, took=3) == 1
    (standing,) = await viewed.views.anomalies.all(standing=True)
    assert (standing.agent, standing.type, standing.severity) == ("ruff", "latency_spike", "high")
    assert standing.value == pytest.approx(3000, rel=0.06)
    assert standing.usual == pytest.approx(1000, rel=0.06)
    assert await these_minutes(viewed, took=3) == 0
    assert await these_minutes(viewed, took=20) == 1
    assert await these_minutes(viewed, took=1) == 1
    assert await viewed.views.anomalies.all(standing=True) == []
    assert await said(viewed) == [
        (AnomalyRaised, "latency_spike", 1),
        (AnomalyRaised, "latency_spike", 2),
        (AnomalyResolved, "latency_spike", 3),
    ]


async def test_failures_and_poor_work_are_noticed(viewed):
    await usually(viewed, quality=0.9)
    assert await these_minutes(viewed, failing=2, attempts=12, quality=0.5) == 2
    told = await viewed.views.anomalies.all(standing=True)
    assert [(each.type, each.severity) for each in told] == [
        ("accuracy_drop", "critical"),
        ("error_rate_increase", "medium"),
    ]


async def test_too_few_attempts_tell_nothing(viewed):
    await usually(viewed)
    assert await these_minutes(viewed, attempts=9, took=60) == 0


async def test_of_keepers_that_look_at_once_one_speaks(viewed):
    await usually(viewed)
    viewed.clock.advance(300)
    await viewed.tell(*lives(viewed.clock.now(), took=9), most=2_000)
    appended = await asyncio.gather(*(keeper(viewed).run_once() for _ in range(4)))
    assert sum(appended) == 1
    await viewed.project()
    assert await said(viewed) == [(AnomalyRaised, "latency_spike", 1)]


async def test_one_that_lasts_becomes_what_is_usual_in_time(viewed):
    await usually(viewed)
    assert await these_minutes(viewed, took=3) == 1
    for _ in range(23):
        assert await these_minutes(viewed, took=3) == 0
    looks = 0
    while await viewed.views.anomalies.all(standing=True):
        looks += 1
        assert looks < 30, "the baseline is taken anew every two hours"
        await these_minutes(viewed, took=3)
    (told,) = await viewed.views.anomalies.all()
    assert told.reason == "usual_now"


async def test_a_keeper_looks_once_a_minute(viewed):
    await usually(viewed)
    viewed.clock.advance(300)
    await viewed.tell(*lives(viewed.clock.now(), took=9), most=2_000)
    scheduler = VirtualScheduler(viewed.clock)
    looking = AnomalyKeeper(viewed.views, viewed.log, clock=viewed.clock, scheduler=scheduler)
    looking.start()
    async with asyncio.timeout(10):
        while not await said(viewed):
            await scheduler.run_until_idle()
    await looking.stop()
    assert len(await said(viewed)) == 1
