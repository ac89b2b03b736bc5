"""Workers are killed, frozen and drained; no task is lost, and none ends twice."""

import signal
from collections import Counter

import pytest

from arbiter import RetryPolicy, connect
from arbiter.domain import facts as f
from tests.support.eventually import eventually
from tests.support.processes import pid_told, wait_for_end_of
from tests.support.soundness import assert_sound
from tests.support.workers import workers

AGENTS = "tests.e2e.agents"


@pytest.fixture
def arbiter(database):
    with connect(database.dsn) as arbiter:
        yield arbiter


def ended(arbiter, task_ids, within=60):
    return [arbiter.wait(task_id, timeout=within) for task_id in task_ids]


def submit(arbiter, kind, payloads, **options):
    answers = arbiter.submit_many(
        [{"kind": kind, "payload": payload} for payload in payloads], any_kind=True, **options
    )
    return [answer.task_id for answer in answers]


def running_on(arbiter, worker):
    """How many tasks a worker process has begun and not ended."""
    incarnations = {
        fact.incarnation
        for recorded in arbiter.core.run(lambda service: service.store.log.read(0, 100_000))
        if isinstance(fact := recorded.fact, f.WorkerJoined) and fact.pid == worker.pid
    }
    for incarnation in incarnations:
        held = arbiter.core.run(
            lambda service, incarnation=incarnation: service.store.ready.claimed_by(
                incarnation, 500
            )
        )
        if held:
            return len(held)
    return 0


def test_three_workers_are_killed_and_not_one_of_500_tasks_is_lost(arbiter, database):
    task_ids = submit(arbiter, "short", range(500))
    with workers(database.dsn, AGENTS) as started:
        for _ in range(3):
            worker = started.start_and_join(arbiter, "--concurrency", "8")
            eventually(lambda worker=worker: running_on(arbiter, worker), 20)
            worker.kill()
        started.start("--concurrency", "8")
        started.start("--concurrency", "8")
        tasks = ended(arbiter, task_ids)
    assert Counter(task.status for task in tasks) == {"completed": 500}
    assert [task.result for task in tasks] == list(range(500))
    truth = assert_sound(database.dsn, at_rest=False)
    assert not truth.rows
    rescued = [
        task_id
        for task_id, facts in truth.facts.items()
        if any(isinstance(each, f.TaskAttemptFailed) for each in facts)
    ]
    assert rescued
    assert len(truth.of(f.WorkerLost)) == 3


def test_a_worker_that_is_told_to_stop_finishes_what_it_can_and_gives_back_the_rest(
    arbiter, database, tmp_path
):
    now, later = tmp_path / "now", tmp_path / "later"
    quick = submit(arbiter, "patient", [{"finish": str(now)}] * 3)
    slow = submit(arbiter, "patient", [{"finish": str(later)}] * 3)
    with workers(database.dsn, AGENTS) as started:
        first = started.start_and_join(arbiter, "--drain", "2")
        eventually(lambda: running_on(arbiter, first) == 6, 20)
        first.signal(signal.SIGTERM)
        now.touch()
        assert first.ends() == 0
        assert {task.status for task in ended(arbiter, quick)} == {"completed"}
        assert {arbiter.status(task_id).status for task_id in slow} == {"queued"}
        left = assert_sound(database.dsn)
        assert left.of(f.WorkerLeft)[0].released == 3
        assert all("task.released" in left.topics(task_id) for task_id in slow)
        assert all(left.tasks[task_id].spent == 0 for task_id in slow)
        later.touch()
        started.start()
        assert {task.status for task in ended(arbiter, slow)} == {"completed"}


def test_the_second_signal_gives_back_at_once(arbiter, database, tmp_path):
    (task_id,) = submit(arbiter, "patient", [{"finish": str(tmp_path / "never")}])
    with workers(database.dsn, AGENTS) as started:
        worker = started.start_and_join(arbiter, "--drain", "600")
        eventually(lambda: running_on(arbiter, worker) == 1, 20)
        worker.signal(signal.SIGTERM)
        worker.says("draining")  # two signals at once may arrive as one
        worker.signal(signal.SIGTERM)
        assert worker.ends(within=30) == 0
        assert topics(arbiter, task_id)[-1] == "task.released"
        assert assert_sound(database.dsn).tasks[task_id].spent == 0


def test_a_stuck_thread_does_not_keep_a_worker_that_was_told_to_stop(arbiter, database, tmp_path):
    (task_id,) = submit(arbiter, "stubborn", [{"finish": str(tmp_path / "never")}])
    with workers(database.dsn, AGENTS) as started:
        worker = started.start_and_join(arbiter, "--drain", "0.2")
        eventually(lambda: running_on(arbiter, worker) == 1, 20)
        worker.signal(signal.SIGTERM)
        assert worker.ends(within=30) == 0
    assert topics(arbiter, task_id)[-1] == "task.released"
    assert_sound(database.dsn)


def test_a_handler_s_own_process_does_not_outlive_a_killed_worker(arbiter, database, tmp_path):
    told = tmp_path / "pid"
    submit(arbiter, "apart", [str(told)])
    with workers(database.dsn, AGENTS) as started:
        worker = started.start_and_join(arbiter)
        pid = pid_told(told)
        worker.kill()
        wait_for_end_of(pid, within=5)


def topics(arbiter, task_id):
    return [story.fact.topic for story in arbiter.history(task_id)]


@pytest.mark.parametrize("max_attempts", [3, pytest.param(6, marks=pytest.mark.deep)])
def test_one_poison_task_among_50_innocents_fails_alone(arbiter, database, max_attempts):
    retry = RetryPolicy(max_attempts=max_attempts, initial=0.01)
    innocents = submit(arbiter, "innocent", range(50), retry=retry)
    (poison,) = submit(arbiter, "poison", [None], retry=retry, priority=9)
    with workers(database.dsn, AGENTS) as started:
        worker = started.start("--concurrency", "8")

        def over():
            nonlocal worker
            if worker.process.poll() is not None:
                worker = started.start("--concurrency", "8")
            return arbiter.status(poison).has_ended

        eventually(over, 90)
        tasks = ended(arbiter, innocents)
    assert Counter(task.status for task in tasks) == {"completed": 50}
    failed = arbiter.status(poison)
    assert failed.status == "failed"
    assert failed.error is not None
    assert failed.error.kind == "worker_lost"
    if max_attempts > 5:  # else its attempts are over before it is proved
        assert failed.error.type == "Poison"
    assert_sound(database.dsn, at_rest=False)


def test_a_frozen_worker_is_rescued_from_and_begins_anew_when_it_thaws(arbiter, database, tmp_path):
    finish = tmp_path / "finish"
    task_ids = submit(arbiter, "stubborn", [{"finish": str(finish)}] * 4)
    with workers(database.dsn, AGENTS) as started:
        frozen = started.start_and_join(arbiter)
        eventually(lambda: running_on(arbiter, frozen) == 4, 20)
        frozen.signal(signal.SIGSTOP)
        started.start_and_join(arbiter)
        tasks = ended(arbiter, task_ids)
        assert {(task.status, task.result) for task in tasks} == {("completed", 2)}
        finish.touch()
        frozen.signal(signal.SIGCONT)

        def joined_again():
            truth = assert_sound(database.dsn, at_rest=False)
            return sum(fact.pid == frozen.pid for fact in truth.of(f.WorkerJoined)) == 2

        eventually(joined_again, 20)
        for worker in reversed(started.all):
            worker.signal(signal.SIGTERM)
            assert worker.ends() == 0
            if worker is not frozen:  # which is alone now, and works on
                more = submit(arbiter, "short", range(10))
                assert {task.status for task in ended(arbiter, more)} == {"completed"}
    assert {task.result for task in ended(arbiter, task_ids)} == {2}
    assert_sound(database.dsn)
