"""A worker with nothing to do hears of everything it can do, at once: it does not poll."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from arbiter import Limits, RetryPolicy
from tests.support.eventually import eventually

SOON = 0.5


@contextmanager
def soon(bench):
    """What is done here leads to a start within half a second."""
    began = time.monotonic()
    yield
    bench.next(within=2)
    took = time.monotonic() - began
    assert took < SOON, f"it took {took:.2f} s"


@pytest.fixture
def idle(arbiter, bench):
    """A worker that fails what is bad, and has been idle for a moment."""

    async def handler(task):
        bench.begun.put(task)
        if task.payload == "bad":
            raise ValueError

    policy = RetryPolicy(max_attempts=2, initial=0.2, jitter=0.0)
    arbiter.agent("a", kinds="work", retry=policy)(handler)
    arbiter.start()
    arbiter.wait(arbiter.submit("work").task_id, 5)
    bench.next()
    return arbiter


def test_the_first_task_of_all(arbiter, bench):
    arbiter.agent("a", kinds="work")(bench.awork)
    arbiter.start()
    with soon(bench):
        arbiter.submit("work")
    bench.open()


def test_what_waited_before_the_start(arbiter, bench):
    arbiter.agent("a", kinds="work")(bench.awork)
    arbiter.submit("work")
    with soon(bench):
        arbiter.start()
    bench.open()


def test_one_after_the_other(idle, bench):
    for _ in range(20):
        with soon(bench):
            idle.submit("work")


def test_a_retry(idle, bench):
    idle.submit("work", "bad")
    bench.next()
    with soon(bench):
        pass


def test_a_scheduled_task(idle, bench):
    with soon(bench):
        idle.submit("work", not_before=datetime.now(UTC) + timedelta(seconds=0.2))


def test_a_resumed_task(idle, bench):
    task_id = idle.submit("work", hold="look").task_id
    idle.approve(idle.submit("work", hold="look").task_id)
    bench.next()
    idle.suspend(task_id)
    idle.resume(task_id)
    with soon(bench):
        idle.approve(task_id)


def test_a_task_resumed_into_the_queue(idle, bench):
    task_id = idle.submit("work", not_before=datetime.now(UTC) + timedelta(seconds=0.15)).task_id
    idle.suspend(task_id)
    with soon(bench):
        idle.resume(task_id)


def test_a_redriven_task(idle, bench):
    task_id = idle.submit("work", "bad", retry=RetryPolicy(max_attempts=1)).task_id
    bench.next()
    assert idle.wait(task_id, 5).status == "failed"
    with soon(bench):
        idle.redrive(task_id)


def test_an_approved_task(idle, bench):
    task_id = idle.submit("work", hold="look").task_id
    with soon(bench):
        idle.approve(task_id)


def test_a_rescheduled_task(idle, bench):
    task_id = idle.submit("work", not_before=datetime.now(UTC) + timedelta(hours=1)).task_id
    with soon(bench):
        idle.reschedule(task_id, not_before=datetime.now(UTC))


def test_a_queue_that_is_resumed(idle, bench):
    idle.pause_queue("default")
    idle.submit("work")
    with pytest.raises(AssertionError, match="nothing was begun"):
        bench.next(within=0.2)
    with soon(bench):
        idle.resume_queue("default")


def test_a_task_another_worker_gives_back(connected, bench):
    leaving, staying = connected(), connected()
    leaving.agent("a", kinds="work")(bench.awork)
    staying.agent("b", kinds="work", concurrency=1)(bench.awork)
    leaving.start()
    task_id = leaving.submit("work").task_id
    assert bench.next().agent == "a"
    staying.start()
    leaving.stop(drain=0)
    assert bench.next(within=2.5).agent == "b"
    bench.open()
    done = staying.wait(task_id, 5)
    assert (done.status, done.attempt) == ("completed", 2)


def test_a_task_whose_former_handler_has_stopped(arbiter, bench):
    arbiter.agent("a", kinds="work", limits=Limits(start_to_close=0.2))(bench.work)
    arbiter.start()
    policy = RetryPolicy(max_attempts=2, initial=0.01)
    task_id = arbiter.submit("work", retry=policy).task_id
    bench.next()
    eventually(lambda: arbiter.status(task_id).status == "queued")
    with soon(bench):
        bench.open()


def test_a_task_of_a_service_s_own_transaction(idle, bench, database):
    with psycopg.connect(database.dsn) as connection:
        idle.submit("work", connection=connection)
        with pytest.raises(AssertionError, match="nothing was begun"):
            bench.next(within=0.2)
        with soon(bench):
            connection.commit()


def test_a_limit_of_a_task_from_a_service_s_own_transaction(arbiter, bench, database):
    arbiter.agent("one", kinds="work", concurrency=1)(bench.awork)
    arbiter.start()
    arbiter.submit("work")
    bench.next()
    with psycopg.connect(database.dsn) as connection:
        task_id = arbiter.submit(
            "work", connection=connection, limits=Limits(schedule_to_start=0.2)
        ).task_id
    assert arbiter.wait(task_id, 3).error.type == "schedule_to_start"
    bench.open()


def test_a_task_from_another_process_of_ours(connected, idle, bench):
    other = connected()
    with soon(bench):
        other.submit("work")


def test_a_worker_that_hears_nothing_looks_by_itself(connected, bench):
    """Behind a pooler nobody rings: then it polls, often."""
    arbiter = connected(pooled=True, beat_seconds=1)
    arbiter.agent("a", kinds="work", retry=RetryPolicy(initial=0.1))(bench.awork)
    arbiter.start()
    heard = threading.Event()
    arbiter.on("task.started", lambda event: heard.set())
    began = time.monotonic()
    arbiter.submit("work")
    bench.next(within=3)
    arbiter.submit("work", not_before=datetime.now(UTC) + timedelta(seconds=0.3))
    task = bench.next(within=3)
    assert heard.wait(3)
    arbiter.cancel(task.id)
    bench.next_stopped(within=3)
    eventually(lambda: (line := arbiter.views.task(task.id)) and line.status == "cancelled", 4)
    bench.open()
    assert time.monotonic() - began < 12
