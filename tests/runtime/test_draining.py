"""Stopping: what runs may finish, the rest is given back whole, and nothing is left in our name."""

from __future__ import annotations

import asyncio
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from arbiter import RetryPolicy
from arbiter.domain import facts as f
from tests.support import handlers
from tests.support.eventually import eventually
from tests.support.processes import pid_told, wait_for_end_of
from tests.support.soundness import Truth, assert_sound


def test_handlers_may_finish(connected, bench, database):
    arbiter = connected()
    arbiter.agent("thread", kinds="thread")(bench.work)
    arbiter.agent("loop", kinds="loop")(bench.awork)
    arbiter.start()
    task_ids = [arbiter.submit(kind, n).task_id for n in range(3) for kind in ("thread", "loop")]
    for _ in task_ids:
        bench.next()
    with ThreadPoolExecutor() as pool:
        stopping = pool.submit(arbiter.stop, 30)
        with pytest.raises(TimeoutError):
            stopping.result(0.3)
        bench.open()
        stopping.result(10)
    truth = assert_sound(database.dsn)
    assert {task.status for task in truth.tasks.values()} == {"completed"}
    (left,) = truth.of(f.WorkerLeft)
    assert left.released == 0


def test_what_does_not_finish_is_given_back_and_costs_no_attempt(
    connected, bench, database, tmp_path
):
    arbiter = connected()
    arbiter.agent("loop", kinds="loop")(bench.awork)
    arbiter.agent("looks", kinds="looks")(bench.listen)
    arbiter.agent("stuck", kinds="stuck")(bench.work)
    arbiter.agent("apart", kinds="apart", isolation="process")(handlers.stay)
    arbiter.start()
    told = tmp_path / "pid"
    payloads = {"loop": 1, "looks": 2, "stuck": 3, "apart": str(told)}
    task_ids = [arbiter.submit(kind, payload).task_id for kind, payload in payloads.items()]
    for _ in range(3):
        bench.next()
    pid = pid_told(told)
    arbiter.stop(drain=0.2)
    truth = assert_sound(database.dsn)
    for task_id in task_ids:
        assert truth.topics(task_id)[-1] == "task.released"
        assert truth.tasks[task_id].spent == 0
    (left,) = truth.of(f.WorkerLeft)
    assert left.released == len(task_ids)
    wait_for_end_of(pid, within=3)


def test_what_may_run_only_once_is_not_given_back(connected, bench, database):
    arbiter = connected()
    arbiter.agent("a", kinds="work")(bench.awork)
    arbiter.start()
    task_id = arbiter.submit("work", retry=RetryPolicy(max_attempts=1)).task_id
    bench.next()
    arbiter.stop(drain=0)
    assert Truth(database.dsn).tasks[task_id].status == "failed"


def test_others_take_over_what_was_given_back(connected, bench, database):
    first, second = connected(), connected()
    first.agent("first", kinds="work")(bench.awork)
    second.agent("second", kinds="work")(bench.awork)
    first.start()
    task_ids = [first.submit("work", n).task_id for n in range(15)]
    for _ in range(10):
        bench.next()
    second.start()
    first.stop(drain=0)
    bench.open()
    for task_id in task_ids:
        assert second.wait(task_id, 10).status == "completed"
    truth = Truth(database.dsn)
    assert sum(topics.count("task.released") for topics in map(truth.topics, task_ids)) == 10


def test_nothing_new_is_begun_while_draining(connected, bench, database):
    arbiter = connected(concurrency=2)
    arbiter.agent("a", kinds="work")(bench.awork)
    arbiter.start()
    first = [arbiter.submit("work", n).task_id for n in range(2)]
    for _ in first:
        bench.next()
    with ThreadPoolExecutor() as pool:
        stopping = pool.submit(arbiter.stop, 30)
        late = [arbiter.submit("work", n).task_id for n in range(2, 6)]
        bench.open()
        stopping.result(10)
    truth = Truth(database.dsn)
    assert {truth.tasks[task_id].status for task_id in first} == {"completed"}
    assert {truth.tasks[task_id].status for task_id in late} == {"queued"}


def test_a_handler_may_submit_while_draining(connected, database):
    arbiter = connected()
    begun, may_submit = threading.Event(), threading.Event()

    def parent(task):
        begun.set()
        may_submit.wait(10)
        return str(arbiter.submit("child", task.payload).task_id)

    arbiter.agent("parent", kinds="parent")(parent)
    arbiter.agent("child", kinds="child")(lambda task: None)
    arbiter.start()
    task_id = arbiter.submit("parent").task_id
    assert begun.wait(5)
    with ThreadPoolExecutor() as pool:
        stopping = pool.submit(arbiter.stop, 30)
        may_submit.set()
        stopping.result(10)
    truth = Truth(database.dsn)
    assert truth.tasks[task_id].status == "completed"
    assert len(truth.tasks) == 2


def test_hurry_ends_the_draining_at_once(connected, bench, database):
    arbiter = connected()
    arbiter.agent("a", kinds="work")(bench.awork)
    arbiter.start()
    task_id = arbiter.submit("work").task_id
    bench.next()
    hurry = asyncio.Event()
    with ThreadPoolExecutor() as pool:
        stopping = pool.submit(arbiter.core.stop, 600, hurry)
        with pytest.raises(TimeoutError):
            stopping.result(0.2)
        arbiter.core.engine.soon(hurry.set)
        assert stopping.result(3) == 1
    assert Truth(database.dsn).topics(task_id)[-1] == "task.released"


def test_two_who_stop_at_once_both_return(connected, bench):
    arbiter = connected()
    arbiter.agent("a", kinds="work")(bench.awork)
    arbiter.start()
    arbiter.submit("work")
    bench.next()
    with ThreadPoolExecutor() as pool:
        for stopping in [pool.submit(arbiter.stop, 0.2) for _ in range(4)]:
            stopping.exception(10)


@pytest.mark.parametrize("seed", range(8))
def test_stopping_at_any_moment_leaves_nothing_behind(connected, database, seed):
    chance = random.Random(seed)
    pause = threading.Event()
    first = connected()

    async def quick(task):
        await asyncio.sleep(0.001 * (task.payload % 5))
        return task.payload

    def agents(arbiter):
        arbiter.agent("quick", kinds="quick", concurrency=5)(quick)
        arbiter.agent("plain", kinds="plain", concurrency=5)(lambda task: task.payload)
        return arbiter

    answers = agents(first).submit_many(
        [{"kind": chance.choice(["quick", "plain"]), "payload": n} for n in range(200)]
    )
    first.start()
    pause.wait(chance.random() * 0.2)
    first.stop(drain=chance.choice([0, 0, 0.05, 5]))
    assert_sound(database.dsn)
    second = agents(connected())
    second.start()
    for answer in answers:
        assert second.wait(answer.task_id, 10).result == answers.index(answer)
    truth = Truth(database.dsn)
    assert all(task.spent == 1 for task in truth.tasks.values())


def test_starting_and_stopping_again_and_again(connected, database):
    for _ in range(5):
        arbiter = connected()
        arbiter.agent("a", kinds="work")(lambda task: None)
        arbiter.start()
        arbiter.submit("work")
        arbiter.stop()
    truth = Truth(database.dsn)
    assert len(truth.of(f.WorkerJoined)) == len(truth.of(f.WorkerLeft)) == 5
    assert len(truth.of(f.AgentRegistered)) == 1


def test_what_is_submitted_before_a_start_and_after_a_stop_waits(connected):
    arbiter, other = connected(), connected()
    arbiter.agent("a", kinds="work")(lambda task: task.agent)
    before = arbiter.submit("work").task_id
    arbiter.start()
    assert arbiter.wait(before, 5).result == "a"
    arbiter.stop()
    after = other.submit("work").task_id
    other.agent("b", kinds="work")(lambda task: task.agent)
    other.start()
    assert other.wait(after, 5).result == "b"
    eventually(lambda: other.stats().running_here == 0)
