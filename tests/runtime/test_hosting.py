"""Who gets which task: needs, slots, priorities, and a fair share between workers."""

from __future__ import annotations

import threading
from datetime import timedelta

import psycopg
import pytest

from arbiter.runtime import sweeper
from tests.support.eventually import eventually
from tests.support.soundness import Truth

PYTHON = {"languages": ["python"]}


def routed_to(database, task_id):
    return [
        fact.agent for fact in Truth(database.dsn).facts[task_id] if fact.topic == "task.routed"
    ]


def looks_again(database, task_id):
    with psycopg.connect(database.dsn) as connection:
        asked = "SELECT not_before FROM arbiter.ready_tasks WHERE task_id = %s"
        return connection.execute(asked, (task_id,)).fetchone()[0]


def test_needs_go_only_to_an_able_agent(arbiter, database):
    arbiter.agent("any", kinds="work", concurrency=9)(lambda task: None)
    arbiter.agent("snake", kinds="work", languages=["python", "go"], concurrency=1)(
        lambda task: None
    )
    arbiter.start()
    task_ids = [arbiter.submit("work", n, requires=PYTHON).task_id for n in range(12)]
    for task_id in task_ids:
        assert arbiter.wait(task_id, 10).status == "completed"
        assert routed_to(database, task_id) == ["snake"]


def test_every_need_must_be_met(arbiter, database):
    arbiter.agent("half", kinds="work", languages=["python"])(lambda task: None)
    arbiter.agent("whole", kinds="work", languages=["python"], specializations=["security"])(
        lambda task: None
    )
    arbiter.start()
    requires = {"languages": ["python"], "specializations": ["security"]}
    task_id = arbiter.submit("work", requires=requires).task_id
    arbiter.wait(task_id, 10)
    assert routed_to(database, task_id) == ["whole"]


def test_what_nobody_can_do_is_deferred_once_and_done_by_who_comes(
    connected, database, monkeypatch
):
    monkeypatch.setattr(sweeper, "LOOK_AGAIN", timedelta(seconds=0.3))
    first = connected()
    first.agent("plain", kinds="work")(lambda task: "plain")
    first.start()
    task_id = first.submit("work", requires=PYTHON).task_id
    plain = first.submit("work").task_id
    assert first.wait(plain, 5).result == "plain"
    deferred = eventually(lambda: (s := first.status(task_id)).deferred and s, within=3)
    assert "capability" in deferred.deferred
    first_look = looks_again(database, task_id)
    eventually(lambda: looks_again(database, task_id) > first_look, within=3)
    second = connected()
    second.agent("snake", kinds="work", languages=["python"])(lambda task: "snake")
    second.start()
    done = second.wait(task_id, 5)
    assert (done.status, done.result, done.deferred) == ("completed", "snake", None)
    assert Truth(database.dsn).topics(task_id).count("task.deferred") == 1


def test_a_thousand_unroutable_tasks_in_front_stop_nobody(arbiter, database):
    arbiter.agent("plain", kinds="work")(lambda task: task.payload)
    arbiter.start()
    arbiter.submit_many(
        [{"kind": "work", "payload": n} for n in range(1000)], requires=PYTHON, priority=9
    )
    assert arbiter.wait(arbiter.submit("work", "me").task_id, 5).result == "me"
    eventually(
        lambda: all(
            task.deferred or task.status == "completed"
            for task in Truth(database.dsn).tasks.values()
        )
    )


def test_an_agent_never_has_more_than_its_slots(arbiter, bench):
    arbiter.agent("few", kinds="work", concurrency=3)(bench.awork)
    arbiter.start()
    task_ids = [arbiter.submit("work", n).task_id for n in range(10)]
    for _ in range(3):
        bench.next()
    with pytest.raises(AssertionError, match="nothing was begun"):
        bench.next(within=0.3)
    bench.open()
    for task_id in task_ids:
        arbiter.wait(task_id, 10)
    assert bench.peak == 3


def test_a_worker_never_has_more_than_its_slots(connected, bench):
    arbiter = connected(concurrency=4)
    for name in ("a", "b", "c"):
        arbiter.agent(name, kinds=name, concurrency=3)(bench.work)
    arbiter.start()
    task_ids = [arbiter.submit(kind, n).task_id for n in range(5) for kind in ("a", "b", "c")]
    for _ in range(4):
        bench.next()
    with pytest.raises(AssertionError, match="nothing was begun"):
        bench.next(within=0.3)
    bench.open()
    for task_id in task_ids:
        arbiter.wait(task_id, 10)
    assert bench.peak == 4


def test_quick_and_slow_tasks_together_stay_within_the_slots(connected):
    arbiter = connected(concurrency=5)
    counting, busy, peak = threading.Lock(), {"a": 0, "b": 0}, {"a": 0, "b": 0}
    pause = threading.Event()

    def handler(task):
        with counting:
            busy[task.agent] += 1
            peak[task.agent] = max(peak[task.agent], busy[task.agent])
        pause.wait(task.payload)
        with counting:
            busy[task.agent] -= 1

    arbiter.agent("a", kinds="work", concurrency=2)(handler)
    arbiter.agent("b", kinds="work", concurrency=4)(handler)
    arbiter.start()
    works = [{"kind": "work", "payload": 0.05 if n % 10 == 0 else 0} for n in range(300)]
    for answer in arbiter.submit_many(works):
        assert arbiter.wait(answer.task_id, 20).status == "completed"
    assert peak["a"] <= 2
    assert peak["b"] <= 4
    assert sum(peak.values()) > 2


def test_two_agents_of_one_kind_use_all_their_slots(arbiter, bench, database):
    arbiter.agent("a", kinds="work", concurrency=3)(bench.awork)
    arbiter.agent("b", kinds="work", concurrency=3)(bench.awork)
    arbiter.start()
    answers = arbiter.submit_many([{"kind": "work", "payload": n} for n in range(8)])
    names = sorted(bench.next(within=3).agent for _ in range(6))
    assert names == ["a", "a", "a", "b", "b", "b"]
    bench.open()
    for answer in answers:
        arbiter.wait(answer.task_id, 10)


def test_an_agent_of_two_kinds_in_two_queues_uses_all_its_slots(connected, bench):
    arbiter = connected(queues=("one", "two"))
    arbiter.agent("a", kinds={"x", "y"}, concurrency=4)(bench.awork)
    arbiter.start()
    task_ids = [arbiter.submit("y", n, queue="two").task_id for n in range(5)]
    for _ in range(4):
        bench.next(within=3)
    bench.open()
    for task_id in task_ids:
        assert arbiter.wait(task_id, 10).status == "completed"


def test_priority_first_then_age(arbiter, bench):
    arbiter.agent("one", kinds="work", concurrency=1)(bench.work)
    arbiter.start()
    arbiter.submit("work", "first")
    bench.next()
    wishes = [("low", 1), ("mid-1", 5), ("high", 9), ("mid-2", 5), ("zero", 0), ("mid-3", 5)]
    task_ids = [arbiter.submit("work", name, priority=p).task_id for name, p in wishes]
    bench.open()
    for task_id in task_ids:
        arbiter.wait(task_id, 10)
    assert bench.order == ["first", "high", "mid-1", "mid-2", "mid-3", "low", "zero"]


def test_first_come_first_served(arbiter, bench):
    arbiter.agent("one", kinds="work", concurrency=1)(bench.work)
    bench.open()
    answers = arbiter.submit_many([{"kind": "work", "payload": n} for n in range(100)])
    arbiter.start()
    for answer in answers:
        arbiter.wait(answer.task_id, 10)
    assert bench.order == list(range(100))


def test_a_worker_serves_only_its_queues_and_kinds(connected, bench):
    arbiter = connected(queues=("mine",))
    arbiter.agent("a", kinds="work")(lambda task: None)
    arbiter.start()
    elsewhere = arbiter.submit("work", queue="other").task_id
    unknown = arbiter.submit("dance", queue="mine", any_kind=True).task_id
    assert arbiter.wait(arbiter.submit("work", queue="mine").task_id, 5).status == "completed"
    for task_id in (elsewhere, unknown):
        view = arbiter.status(task_id)
        assert (view.status, view.deferred) == ("queued", None)


@pytest.mark.parametrize("before", ["nothing", "quick tasks"])
def test_slow_handlers_do_not_make_a_worker_hoard(connected, before):
    """A worker that was quick until now may have claimed ahead: it lets go of what it cannot start."""
    slow, may_end = threading.Event(), threading.Event()
    names: list[str] = []

    def handler(task):
        if task.payload == "slow":
            names.append(task.agent)
            slow.set()
            may_end.wait(15)

    first, second = connected(concurrency=2), connected(concurrency=2)
    first.agent("first", kinds="work")(handler)
    second.agent("second", kinds="work")(handler)
    first.start()
    if before == "quick tasks":
        for answer in first.submit_many([{"kind": "work"} for _ in range(200)]):
            first.wait(answer.task_id, 10)
    first.submit_many([{"kind": "work", "payload": "slow"} for _ in range(4)])
    eventually(lambda: len(names) == 2)
    second.start()
    eventually(lambda: len(names) == 4, within=2.0)
    assert sorted(names) == ["first", "first", "second", "second"]
    may_end.set()
    eventually(lambda: first.stats().running_here + second.stats().running_here == 0)


def test_two_workers_share_a_heap_of_work(connected, bench, database):
    both = [connected(concurrency=2), connected(concurrency=2)]
    for number, arbiter in enumerate(both):
        arbiter.agent(f"agent-{number}", kinds="work")(bench.awork)
        arbiter.start()
    answers = both[0].submit_many([{"kind": "work", "payload": n} for n in range(20)])
    for _ in range(4):
        bench.next(within=3)
    bench.open()
    for answer in answers:
        assert both[0].wait(answer.task_id, 10).status == "completed"
    assert len(bench.order) == 20
