"""Workers with different agents: each task goes to the best of all, and runs where that one is hosted."""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from threading import Thread

import pytest

from arbiter import RetryPolicy
from arbiter.domain import facts as f
from tests.support.eventually import eventually
from tests.support.soundness import Truth
from tests.support.workers import workers

FAR = {"strategy": "weighted", "weights": {"near": 0, "far": 1_000_000}}
"""Of ten thousand tasks, one goes to `near`."""

SIGNS = {"beat_seconds": 0.1, "lease_seconds": 2.0}


def attempts(database, task_id, kind=f.TaskRouted):
    return [fact for fact in Truth(database.dsn).facts[task_id] if isinstance(fact, kind)]


@pytest.fixture
def near(connected):
    """A worker that would rather give its tasks to the agent `far`."""
    arbiter = connected(routing=FAR, **SIGNS)
    arbiter.agent("near", kinds="work")(lambda task: "near")
    return arbiter


@pytest.fixture
def far(connected):
    """A worker of another queue, too, that gives nothing away."""
    return connected(routing=FAR, queues=("default",), **SIGNS)


def knows_far(arbiter):
    worker = arbiter.core.run(_worker)
    return any(each.name == "far" for each in worker._knowledge.neighbours)


async def _worker(service):
    return service._worker


async def _look(service):
    worker = service._worker
    worker._has_others = True
    await worker._knowledge.look()


def started(near, far):
    """Start both, and let the near one know of the far one."""
    far.start()
    near.start()
    near.core.run(_look)
    eventually(lambda: knows_far(near))


def incarnations(database):
    return {joined.agents: joined.incarnation for joined in Truth(database.dsn).of(f.WorkerJoined)}


def test_a_task_runs_where_the_chosen_agent_is_hosted(near, far, database):
    far.agent("far", kinds="work")(lambda task: f"far, attempt {task.attempt}")
    started(near, far)
    task_ids = [each.task_id for each in near.submit_many({"kind": "work"} for _ in range(40))]
    results = Counter(near.wait(task_id, 20).result for task_id in task_ids)
    assert set(results) <= {"near", "far, attempt 1"}
    hosts = incarnations(database)
    for task_id in task_ids:
        [routed] = attempts(database, task_id)
        assert routed.incarnation == hosts[routed.agent,]
        assert len(attempts(database, task_id, f.TaskStarted)) == 1
    given = [
        fact.agent
        for task_id in task_ids
        for fact in attempts(database, task_id)
        if len(fact.decision.candidates) == 2
    ]
    assert set(given) == {"far"}, "the near worker decided between both"


def test_a_host_is_given_nothing_of_a_queue_it_does_not_serve(connected, far, database):
    near = connected(routing=FAR, queues=("default", "another"), **SIGNS)
    near.agent("near", kinds="work")(lambda task: "near")
    far.agent("far", kinds="work")(lambda task: "far")
    started(near, far)
    task_id = near.submit("work", queue="another").task_id
    assert near.wait(task_id, 10).result == "near"
    [routed] = attempts(database, task_id)
    assert [each.agent for each in routed.decision.candidates] == ["near"]


def test_what_cannot_be_given_is_offered_again(near, far):
    async def fails_once(service):
        assignments, failed = service.store.assignments, []
        give = assignments.give

        async def gives(me, given):
            if not failed:
                failed.append(given)
                raise RuntimeError("none of the database's business")
            return await give(me, given)

        assignments.give = gives

    far.agent("far", kinds="work")(lambda task: "far")
    started(near, far)
    near.core.run(fails_once)
    task_ids = [near.submit("work").task_id for _ in range(20)]
    assert {near.wait(task_id, 10).status for task_id in task_ids} == {"completed"}


def test_who_drains_does_not_turn_for_what_rests_with_it(near, far, bench):
    far.agent("far", kinds="work", concurrency=2)(bench.work)
    started(near, far)
    first = near.submit("work").task_id
    assert bench.next().id == first
    dispatcher, turns = far.core.run(_worker)._dispatcher, []
    turn = dispatcher._turn

    async def counted():
        turns.append(1)
        await turn()

    dispatcher._turn = counted
    draining = Thread(target=far.stop, kwargs={"drain": 10})
    draining.start()
    eventually(lambda: dispatcher._draining)
    resting = near.submit("work").task_id
    eventually(lambda: near.status(resting).status == "assigned")
    eventually(lambda: dispatcher._sharing.resting)
    before = len(turns)
    time.sleep(0.2)
    spent = len(turns) - before
    near.stop(drain=0)
    bench.open()
    draining.join(20)
    assert spent < 10


def test_the_agent_s_own_policy_goes_with_the_task(near, far, database):
    def fails(task):
        raise ValueError(task.attempt)

    far.agent("far", kinds="work", retry=RetryPolicy(max_attempts=2, initial=0.01))(fails)
    started(near, far)
    task_id = near.submit("work").task_id
    assert near.wait(task_id, 20).status == "failed"
    assert len(attempts(database, task_id)) == 2


def test_what_rests_with_a_host_that_drains_goes_back_to_its_queue(near, far, database, bench):
    far.agent("far", kinds="work", concurrency=1)(bench.work)
    started(near, far)
    first = near.submit("work").task_id
    assert bench.next().id == first
    [routed] = attempts(database, first)
    near.core.run(partial(_lie_about, routed.incarnation))  # its only slot is free, we think
    resting = near.submit("work").task_id
    eventually(lambda: near.status(resting).status == "assigned")
    near.stop(drain=10)
    draining = Thread(target=far.stop, kwargs={"drain": 10})
    dispatcher = far.core.run(_worker)._dispatcher
    draining.start()
    eventually(lambda: dispatcher._draining)
    bench.open()
    draining.join(20)
    assert Truth(database.dsn).topics(resting)[-1] == "task.released"
    assert Truth(database.dsn).topics(first)[-1] == "task.completed"


async def _lie_about(incarnation, service):
    for neighbour in service._worker._knowledge.neighbours:
        if neighbour.incarnation == incarnation:
            neighbour.busy = 0


def test_a_lost_host_s_tasks_are_done_elsewhere_and_none_is_lost(near, database):
    near.start()
    with workers(database.dsn, "tests.e2e.far_agents") as processes:
        host = processes.start_and_join(near, "--concurrency", "8")
        near.core.run(_look)
        eventually(lambda: knows_far(near))
        task_ids = [each.task_id for each in near.submit_many({"kind": "work"} for _ in range(120))]
        eventually(lambda: any(attempts(database, each, f.TaskCompleted) for each in task_ids))
        host.kill()
        tasks = [near.wait(task_id, 60) for task_id in task_ids]
    assert {task.status for task in tasks} == {"completed"}
    assert {task.result for task in tasks} == {"near", "far"}
    truth = Truth(database.dsn)
    assert not truth.rows
    [lost] = truth.of(f.WorkerLost)
    given = [
        routed
        for task_id in task_ids
        for routed in attempts(database, task_id)
        if routed.incarnation == lost.incarnation and len(routed.decision.candidates) == 2
    ]
    assert given, "the near worker gave none of its tasks away"
