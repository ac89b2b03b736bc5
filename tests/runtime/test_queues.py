"""Whole queues: paused, resumed, limited, over all workers."""

from __future__ import annotations

import pytest

from arbiter import ArbiterError
from arbiter.domain import facts as f
from tests.support.eventually import eventually
from tests.support.soundness import Truth


@pytest.fixture
def two(connected, bench):
    """Two workers of one queue, with room for eight tasks."""
    workers = [connected(concurrency=4), connected(concurrency=4)]
    for number, arbiter in enumerate(workers):
        arbiter.agent(f"agent-{number}", kinds="work")(bench.awork)
        arbiter.start()
    return workers


def test_a_paused_queue_lets_run_what_runs_and_starts_nothing(two, bench, database):
    one, other = two
    running = one.submit("work", "runs").task_id
    bench.next()
    assert one.pause_queue("default", by="ann", why="maintenance").paused
    waiting = [other.submit("work", n).task_id for n in range(5)]
    with pytest.raises(AssertionError, match="nothing was begun"):
        bench.next(within=0.4)
    bench.open()
    assert one.wait(running, 5).status == "completed"
    assert {one.status(task_id).status for task_id in waiting} == {"queued"}
    assert one.stats().paused == ["default"]
    assert not other.resume_queue("default").paused
    for task_id in waiting:
        assert one.wait(task_id, 5).status == "completed"
    (paused,) = Truth(database.dsn).of(f.QueuePaused)
    assert (paused.queue, paused.by, paused.why) == ("default", "ann", "maintenance")


def test_other_queues_go_on(connected):
    arbiter = connected(queues=("a", "b"))
    arbiter.agent("agent", kinds="work")(lambda task: task.queue)
    arbiter.start()
    arbiter.pause_queue("a")
    stuck = arbiter.submit("work", queue="a").task_id
    assert arbiter.wait(arbiter.submit("work", queue="b").task_id, 5).result == "b"
    assert arbiter.status(stuck).status == "queued"


def test_pausing_twice_is_pausing_once(arbiter, database):
    for _ in range(3):
        arbiter.pause_queue("a")
    for _ in range(3):
        arbiter.resume_queue("a")
    assert [fact.topic for fact in Truth(database.dsn).others if isinstance(fact, f.QueueFact)] == [
        "queue.paused",
        "queue.resumed",
    ]


def test_a_limit_holds_over_all_workers_and_its_places_are_used(two, bench):
    one, other = two
    assert one.limit_queue("default", 3).running_limit == 3
    task_ids = [other.submit("work", n).task_id for n in range(12)]
    for _ in range(3):
        bench.next()
    with pytest.raises(AssertionError, match="nothing was begun"):
        bench.next(within=0.4)
    assert one.stats().limits == {"default": 3}
    bench.open()
    for task_id in task_ids:
        assert one.wait(task_id, 10).status == "completed"
    assert bench.peak == 3


def test_a_limit_of_one_is_one_at_a_time(two, bench):
    one, other = two
    one.limit_queue("default", 1)
    bench.open()
    task_ids = [other.submit("work", n).task_id for n in range(20)]
    for task_id in task_ids:
        assert one.wait(task_id, 10).status == "completed"
    assert bench.peak == 1
    assert bench.order == list(range(20))


def test_lifting_a_limit_is_heard_at_once(two, bench):
    one, other = two
    one.limit_queue("default", 1)
    for n in range(8):
        other.submit("work", n)
    bench.next()
    one.limit_queue("default", None)
    for _ in range(7):
        bench.next(within=1)
    bench.open()
    eventually(lambda: one.stats().running_here + other.stats().running_here == 0)


@pytest.mark.parametrize("limit", [0, -1, True])
def test_a_limit_that_cannot_be_meant(arbiter, limit):
    with pytest.raises(ArbiterError, match="limit"):
        arbiter.limit_queue("default", limit)


@pytest.mark.parametrize("queue", ["", "two words", " a"])
def test_a_queue_that_is_no_name(arbiter, queue):
    with pytest.raises(ArbiterError, match="queue"):
        arbiter.pause_queue(queue)
