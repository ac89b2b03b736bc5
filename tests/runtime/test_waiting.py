"""Waiting for a task returns when its run is over, however that came about, and wherever."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from arbiter import ArbiterError, RetryPolicy, aio

ONCE = RetryPolicy(max_attempts=1)


def fails(task):
    raise ValueError("no")


def test_it_returns_on_every_end(arbiter, bench):
    arbiter.agent("good", kinds="good")(lambda task: 42)
    arbiter.agent("bad", kinds="bad", retry=ONCE)(fails)
    arbiter.agent("slow", kinds="slow")(bench.awork)
    arbiter.start()
    assert arbiter.wait(arbiter.submit("good").task_id, 5).result == 42
    assert arbiter.wait(arbiter.submit("bad").task_id, 5).error.message == "no"
    running = arbiter.submit("slow").task_id
    held = arbiter.submit("slow", hold="look").task_id
    bench.next()
    with ThreadPoolExecutor() as pool:
        cancelled = pool.submit(arbiter.wait, running, 5)
        rejected = pool.submit(arbiter.wait, held, 5)
        arbiter.cancel(running)
        arbiter.reject(held, why="no")
        assert cancelled.result().status == "cancelled"
        assert rejected.result().status == "rejected"


def test_what_is_over_is_over(arbiter):
    arbiter.agent("good", kinds="good")(lambda task: 42)
    arbiter.start()
    task_id = arbiter.submit("good").task_id
    assert arbiter.wait(task_id, 5) == arbiter.wait(str(task_id), 0) == arbiter.wait(task_id)


def test_a_time_out_says_where_the_task_stands(arbiter):
    task_id = arbiter.submit("later", hold="look", any_kind=True).task_id
    began = time.monotonic()
    with pytest.raises(ArbiterError) as no:
        arbiter.wait(task_id, 0.2)
    assert 0.15 < time.monotonic() - began < 2
    assert no.value.code == "wait_timeout"
    assert str(no.value) == f"timeout: task {task_id} is still held after 0.2 s"


def test_an_unknown_task_is_no_wait(arbiter):
    for verb in (arbiter.wait, arbiter.status, arbiter.history, arbiter.cancel):
        with pytest.raises(ArbiterError) as no:
            verb(uuid4())
        assert no.value.code == "unknown_task"
    with pytest.raises(ArbiterError) as no:
        arbiter.wait("0193")
    assert no.value.code == "invalid_input"


def test_a_run_that_is_redriven_is_waited_for_again(arbiter):
    arbiter.agent("bad", kinds="bad", retry=ONCE)(fails)
    arbiter.start()
    task_id = arbiter.submit("bad").task_id
    for run in (1, 2, 3):
        assert arbiter.wait(task_id, 5).run == run
        arbiter.redrive(task_id)
    arbiter.wait(task_id, 5)


def test_a_process_that_does_not_work_hears_of_the_end(connected):
    worker, waiter = connected(), connected()
    worker.agent("good", kinds="good")(lambda task: 42)
    worker.start()
    assert waiter.wait(waiter.submit("good").task_id, 5).result == 42


def test_many_wait_at_once(connected):
    worker, waiter = connected(), connected()
    worker.agent("good", kinds="good", concurrency=10)(lambda task: task.payload)
    answers = waiter.submit_many(
        [{"kind": "good", "payload": n, "any_kind": True} for n in range(200)]
    )
    with ThreadPoolExecutor(50) as pool:
        results = pool.map(lambda answer: waiter.wait(answer.task_id, 20).result, answers)
        worker.start()
        assert list(results) == list(range(200))


async def test_coroutines_wait_too(database):
    async with aio.connect(dsn=database.dsn, poll_seconds=600) as arbiter:

        @arbiter.agent("good", kinds="good")
        async def good(task):
            return task.payload

        await arbiter.start()
        answers = await asyncio.gather(*(arbiter.submit("good", n) for n in range(100)))
        views = await asyncio.gather(*(arbiter.wait(each.task_id, 10) for each in answers))
        assert [view.result for view in views] == list(range(100))
        with pytest.raises(ArbiterError) as no:
            await arbiter.wait((await arbiter.submit("good", hold="look")).task_id, 0.1)
        assert no.value.code == "wait_timeout"
