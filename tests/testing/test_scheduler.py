"""Time that passes only when a test says so."""

import asyncio

import pytest

from arbiter.infrastructure.memory.adapters import in_memory
from arbiter.testing.contracts.given import Given
from arbiter.testing.scheduler import VirtualScheduler


@pytest.fixture
def scheduler():
    return VirtualScheduler()


async def test_a_sleeper_wakes_when_its_time_has_passed(scheduler):
    woken = []

    async def sleeper(seconds):
        await scheduler.sleep(seconds)
        woken.append((seconds, scheduler.clock.monotonic()))

    for seconds in (3, 1, 2):
        scheduler.start(sleeper(seconds), name="sleeper")
    await scheduler.advance(0.5)
    assert woken == []
    await scheduler.advance(2)
    assert woken == [(1, 1.0), (2, 2.0)]
    await scheduler.advance(10)
    assert woken == [(1, 1.0), (2, 2.0), (3, 3.0)]
    assert scheduler.clock.monotonic() == 12.5


async def test_a_loop_goes_round_once_for_each_of_its_periods(scheduler):
    rounds = []

    async def loop():
        while True:
            rounds.append(scheduler.clock.monotonic())
            await scheduler.sleep(5)

    running = scheduler.start(loop(), name="loop")
    await scheduler.advance(20)
    assert rounds == [0, 5, 10, 15, 20]
    running.cancel()
    await scheduler.run_until_idle()
    assert running.cancelled()
    assert scheduler.next_timer is None


async def test_what_follows_from_a_timer_sees_the_moment_of_that_timer(scheduler):
    seen = []

    async def chain(left):
        seen.append(scheduler.clock.monotonic())
        if left:
            await scheduler.sleep(1)
            scheduler.start(chain(left - 1), name="chain")

    scheduler.start(chain(3), name="chain")
    await scheduler.advance(100)
    assert seen == [0, 1, 2, 3]


async def test_timers_of_one_moment_go_off_in_their_order(scheduler):
    rung = []
    for name in "abc":
        scheduler.call_later(1, lambda name=name: rung.append(name))
    await scheduler.advance(1)
    assert rung == ["a", "b", "c"]


async def test_a_cancelled_timer_does_nothing(scheduler):
    rung = []
    scheduler.call_later(1, lambda: rung.append("kept"))
    scheduler.call_later(1, lambda: rung.append("cancelled")).cancel()
    await scheduler.advance(2)
    assert rung == ["kept"]


async def test_it_tells_when_the_next_timer_goes_off(scheduler):
    assert scheduler.next_timer is None
    scheduler.call_later(5, print)
    scheduler.call_later(2, print).cancel()
    await scheduler.advance(1)
    assert scheduler.next_timer == 4


async def test_idle_means_that_all_work_waits_for_time_or_for_somebody(scheduler):
    given = Given(in_memory(scheduler.clock))
    claimed, asked = [], asyncio.Event()

    async def worker():
        me = await given.worker()
        while True:
            await asked.wait()
            asked.clear()
            claimed.extend(await given.claimed(me))

    tasks = await given.tasks(3)
    scheduler.start(worker(), name="worker")
    await scheduler.run_until_idle()
    assert claimed == []
    asked.set()
    await scheduler.run_until_idle()
    assert claimed == [task.id for task in tasks]
    assert scheduler.clock.monotonic() == 0


async def test_what_was_started_can_be_awaited(scheduler):
    async def answer():
        await scheduler.sleep(0)
        return 42

    assert await scheduler.start(answer(), name="answer") == 42


async def test_an_error_comes_to_who_awaits(scheduler):
    async def fails():
        await scheduler.sleep(1)
        raise LookupError("nothing there")

    started = scheduler.start(fails(), name="fails")
    await scheduler.advance(1)
    with pytest.raises(LookupError):
        await started


async def test_a_blocking_call_runs_inline(scheduler):
    assert await scheduler.in_thread(divmod, 7, 3) == (2, 1)
    with pytest.raises(ZeroDivisionError):
        await scheduler.in_thread(divmod, 7, 0)


async def test_work_that_never_waits_is_called_a_mistake(scheduler, monkeypatch):
    monkeypatch.setattr("arbiter.testing.scheduler.RESTLESS_ROUNDS", 200)

    async def restless():
        while True:
            await scheduler.sleep(0)

    running = scheduler.start(restless(), name="restless")
    with pytest.raises(RuntimeError, match="some work never waits"):
        await scheduler.run_until_idle()
    running.cancel()
