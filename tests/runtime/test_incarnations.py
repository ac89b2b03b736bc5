"""A worker that was taken for dead: its tasks are others', it stops its handlers and begins anew."""

from __future__ import annotations

import os
from collections import Counter

import psycopg
import pytest

from arbiter import RetryPolicy
from arbiter.domain import facts as f
from tests.support import handlers
from tests.support.eventually import eventually
from tests.support.processes import pid_told, wait_for_end_of
from tests.support.soundness import Truth

LIVE = "SELECT incarnation, beat FROM arbiter.workers WHERE status = 'live' ORDER BY joined_at"


@pytest.fixture
def take_for_dead(connected, database):
    """Declares a worker lost, as a reaper elsewhere would."""
    elsewhere = connected()

    def live():
        with psycopg.connect(database.dsn) as connection:
            return connection.execute(LIVE).fetchall()

    def declare(incarnation, beat):
        return elsewhere.core.run(
            lambda service: service.store.leases.mark_lost(
                f.WorkerLost(
                    incarnation=incarnation,
                    version=2,
                    at=service.clock.now(),
                    beat=beat,
                    lease_seconds=1.0,
                )
            )
        )

    def take_for_dead():
        (first, _), *_ = eventually(live)
        eventually(lambda: any(declare(*each) for each in live() if each[0] == first))
        return first

    return take_for_dead


@pytest.fixture
def worker(connected):
    return connected(beat_seconds=0.1, lease_seconds=30)


def joined(database):
    return len(Truth(database.dsn).of(f.WorkerJoined))


def test_it_begins_anew_and_works_on(worker, take_for_dead, database, bench):
    worker.agent("a", kinds="work")(bench.awork)
    worker.start()
    task_id = worker.submit("work", "x").task_id
    assert bench.next().attempt == 1
    take_for_dead()
    bench.next_stopped(within=3)
    assert bench.next(within=5).attempt == 2
    bench.open()
    assert worker.wait(task_id, 5).result == "x"
    assert worker.wait(worker.submit("work", "y").task_id, 5).result == "y"
    truth = Truth(database.dsn)
    assert (len(truth.of(f.WorkerJoined)), len(truth.of(f.WorkerLost))) == (2, 1)
    (failed,) = [fact for fact in truth.facts[task_id] if isinstance(fact, f.TaskAttemptFailed)]
    assert failed.error.kind == "worker_lost"


def test_the_late_result_of_a_thread_of_its_former_life_is_refused(
    worker, take_for_dead, database, bench
):
    worker.agent("a", kinds="work")(bench.work)
    worker.start()
    task_id = worker.submit("work", "x").task_id
    first = bench.next()
    take_for_dead()
    second = bench.next(within=5)
    assert (first.attempt, second.attempt) == (1, 2)
    assert first.stopping
    bench.open()
    done = worker.wait(task_id, 5)
    assert done.attempt == 2
    bench.next_ended()
    bench.next_ended()
    eventually(lambda: worker.stats().running_here == 0)
    assert Truth(database.dsn).topics(task_id).count("task.completed") == 1


def test_a_process_of_its_former_life_is_killed(worker, take_for_dead, tmp_path):
    worker.agent("a", kinds="work", isolation="process")(handlers.stay)
    worker.start()
    told = tmp_path / "pid"
    task_id = worker.submit("work", str(told)).task_id
    pid = pid_told(told)
    worker.cancel(worker.submit("work", "never", hold="x").task_id)
    take_for_dead()
    wait_for_end_of(pid, within=5)
    eventually(lambda: worker.status(task_id).attempt == 2)
    worker.cancel(task_id)
    eventually(lambda: worker.stats().running_here == 0)


def test_again_and_again_under_load(worker, take_for_dead, database):
    often = RetryPolicy(max_attempts=9, initial=0.01)
    worker.agent("a", kinds="work", concurrency=10, retry=often)(lambda task: task.payload)
    worker.start()
    lives = 4
    task_ids = []
    for _ in range(lives):
        answers = worker.submit_many([{"kind": "work", "payload": n} for n in range(200)])
        task_ids += [answer.task_id for answer in answers]
        before = joined(database)
        take_for_dead()
        eventually(lambda before=before: joined(database) == before + 1)
    statuses = Counter(worker.wait(task_id, 20).status for task_id in task_ids)
    assert statuses == {"completed": 200 * lives}
    truth = Truth(database.dsn)
    assert (len(truth.of(f.WorkerJoined)), len(truth.of(f.WorkerLost))) == (lives + 1, lives)


def test_a_task_that_lost_two_workers_runs_alone(worker, take_for_dead, database, tmp_path):
    worker.agent("a", kinds="work")(handlers.stay_until_third)
    worker.start()
    told = tmp_path / "pid"
    task_id = worker.submit("work", str(told)).task_id
    for attempt in (1, 2):
        eventually(lambda attempt=attempt: worker.status(task_id).attempt == attempt)
        assert worker.status(task_id).status == "running"
        take_for_dead()
    done = worker.wait(task_id, 15)
    assert (done.status, done.attempt) == ("completed", 3)
    assert done.result != os.getpid()
    starts = [
        fact for fact in Truth(database.dsn).facts[task_id] if isinstance(fact, f.TaskStarted)
    ]
    assert [start.alone for start in starts] == [False, False, True]


def test_a_handler_that_cannot_cross_is_not_failed_for_that(worker, take_for_dead, bench):
    worker.agent("a", kinds="work")(bench.awork)
    worker.start()
    task_id = worker.submit("work", "x").task_id
    for attempt in (1, 2):
        assert bench.next().attempt == attempt
        take_for_dead()
    assert bench.next().attempt == 3
    bench.open()
    assert worker.wait(task_id, 5).result == "x"


def test_a_worker_whose_beat_stands_still_is_lost_after_the_lease(connected, database, bench):
    """The beat of the first one is stopped; everything else of it goes on."""
    still, watching = connected(), connected(beat_seconds=0.2, lease_seconds=0.8)
    still.agent("still", kinds="work")(bench.work)
    still.start()
    task_id = still.submit("work", "x").task_id
    bench.next()
    watching.agent("watching", kinds="work")(bench.work)
    watching.start()
    second = bench.next(within=5)
    assert (second.agent, second.attempt) == ("watching", 2)
    bench.open()
    done = watching.wait(task_id, 5)
    assert done.status == "completed"
    assert Truth(database.dsn).topics(task_id).count("task.completed") == 1
    (lost,) = Truth(database.dsn).of(f.WorkerLost)
    assert lost.lease_seconds == 0.8
