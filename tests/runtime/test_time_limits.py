"""Each of the four time limits ends what it limits, for real."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from arbiter import Limits, RetryPolicy
from tests.support import handlers
from tests.support.eventually import eventually
from tests.support.processes import pid_told, wait_for_end_of
from tests.support.soundness import Truth

ONCE = RetryPolicy(max_attempts=1)
AGAIN = RetryPolicy(max_attempts=2, initial=0.01)
SHORT = Limits(start_to_close=0.2)


def topics(arbiter, task_id):
    return [story.fact.topic for story in arbiter.history(task_id)]


def test_a_coroutine_is_cancelled_for_real(arbiter, bench):
    arbiter.agent("a", kinds="work", limits=SHORT, retry=ONCE)(bench.awork)
    arbiter.start()
    parked = arbiter.wait(arbiter.submit("work").task_id, 5)
    assert (parked.status, parked.error.kind, parked.error.type) == (
        "failed",
        "timeout",
        "start_to_close",
    )
    bench.next_stopped()


def test_a_thread_is_told_and_its_late_result_refused(arbiter, bench):
    arbiter.agent("a", kinds="work", limits=SHORT, retry=ONCE)(bench.work)
    arbiter.start()
    task_id = arbiter.submit("work", "late").task_id
    parked = arbiter.wait(task_id, 5)
    assert (parked.status, parked.error.type) == ("failed", "start_to_close")
    assert bench.next().stopping
    bench.open()
    bench.next_ended()
    eventually(lambda: arbiter.stats().running_here == 0)
    assert arbiter.status(task_id) == parked


def test_the_next_attempt_waits_until_the_thread_has_really_stopped(arbiter, bench, database):
    arbiter.agent("a", kinds="work", limits=SHORT, retry=AGAIN)(bench.work)
    arbiter.start()
    task_id = arbiter.submit("work", "x").task_id
    bench.next()
    eventually(lambda: topics(arbiter, task_id)[-1] == "task.attempt_failed")
    row = Truth(database.dsn).rows[task_id]
    assert row[4] is not None, "nobody stops"
    with pytest.raises(AssertionError, match="nothing was begun"):
        bench.next(within=0.3)
    bench.open()
    bench.next()
    done = arbiter.wait(task_id, 5)
    assert (done.status, done.attempt, done.result) == ("completed", 2, "x")


def test_the_slot_waits_for_the_thread_too(arbiter, bench):
    arbiter.agent("a", kinds="work", limits=SHORT, retry=ONCE, concurrency=1)(bench.work)
    arbiter.start()
    first, second = (arbiter.submit("work", n).task_id for n in (1, 2))
    bench.next()
    assert arbiter.wait(first, 5).status == "failed"
    assert arbiter.status(second).status == "queued"
    bench.open()
    assert arbiter.wait(second, 5).result == 2


def test_a_process_is_killed_for_real(arbiter, tmp_path):
    arbiter.agent("a", kinds="work", isolation="process", retry=ONCE)(handlers.stay_with_a_child)
    arbiter.start()
    told = tmp_path / "pid"
    limits = Limits(start_to_close=2)
    task_id = arbiter.submit("work", str(told), limits=limits).task_id
    pid = pid_told(told)
    child = int((tmp_path / "pid.child").read_text())
    parked = arbiter.wait(task_id, 10)
    assert (parked.status, parked.error.type) == ("failed", "start_to_close")
    wait_for_end_of(pid)
    wait_for_end_of(child)
    eventually(lambda: arbiter.stats().running_here == 0)


def test_a_process_whose_time_is_over_before_it_is_up_is_killed_too(arbiter, tmp_path):
    arbiter.agent("a", kinds="work", isolation="process", retry=ONCE)(handlers.stay)
    arbiter.start()
    limits = Limits(start_to_close=0.001)
    parked = arbiter.wait(arbiter.submit("work", str(tmp_path / "p"), limits=limits).task_id, 5)
    assert parked.error.type == "start_to_close"
    eventually(lambda: arbiter.stats().running_here == 0, within=5)


def test_a_handler_that_is_silent_for_too_long_is_ended(arbiter, bench):
    limits = Limits(heartbeat=0.2)
    arbiter.agent("a", kinds="work", limits=limits, retry=ONCE)(bench.awork)
    arbiter.start()
    parked = arbiter.wait(arbiter.submit("work").task_id, 5)
    assert (parked.error.kind, parked.error.type) == ("timeout", "heartbeat")
    bench.next_stopped()


def test_a_handler_that_beats_goes_on(arbiter):
    may_end = threading.Event()

    def beating(task):
        for _ in range(8):
            may_end.wait(0.05)
            task.heartbeat()
        return "alive"

    arbiter.agent("a", kinds="work", limits=Limits(heartbeat=0.2), retry=ONCE)(beating)
    arbiter.start()
    assert arbiter.wait(arbiter.submit("work").task_id, 5).result == "alive"


def test_beats_come_through_from_another_process(arbiter, tmp_path):
    arbiter.agent("a", kinds="work", isolation="process", retry=ONCE)(handlers.beat_then_stay)
    arbiter.start()
    told = tmp_path / "pid"
    task_id = arbiter.submit("work", str(told), limits=Limits(heartbeat=4)).task_id
    pid = pid_told(told)
    assert arbiter.wait(task_id, 10).error.type == "heartbeat"
    wait_for_end_of(pid)


def test_a_task_nobody_starts_in_time_is_parked(arbiter, bench):
    arbiter.agent("busy", kinds="work", concurrency=1)(bench.awork)
    arbiter.start()
    first = arbiter.submit("work").task_id
    bench.next()
    limits = Limits(schedule_to_start=0.3)
    parked = arbiter.wait(arbiter.submit("work", limits=limits).task_id, 5)
    assert (parked.status, parked.error.type, parked.attempt) == ("failed", "schedule_to_start", 0)
    bench.open()
    assert arbiter.wait(first, 5).status == "completed"


def test_schedule_to_start_counts_from_not_before(arbiter):
    arbiter.agent("a", kinds="work")(lambda task: "in time")
    arbiter.start()
    submitted = arbiter.submit(
        "work",
        not_before=datetime.now(UTC) + timedelta(seconds=0.6),
        limits=Limits(schedule_to_start=0.4),
    )
    assert arbiter.wait(submitted.task_id, 5).result == "in time"


def test_the_total_limit_ends_the_waiting_between_attempts(arbiter):
    def broken(task):
        raise ValueError

    policy = RetryPolicy(max_attempts=50, initial=20)
    arbiter.agent("a", kinds="work", retry=policy)(broken)
    arbiter.start()
    parked = arbiter.wait(arbiter.submit("work", limits=Limits(total=0.4)).task_id, 5)
    assert (parked.status, parked.error.type, parked.attempt) == ("failed", "total", 1)


def test_the_total_limit_ends_an_attempt(arbiter, bench):
    arbiter.agent("a", kinds="work", retry=RetryPolicy(max_attempts=9))(bench.awork)
    arbiter.start()
    limits = Limits(total=0.3, start_to_close=60)
    parked = arbiter.wait(arbiter.submit("work", limits=limits).task_id, 5)
    assert (parked.status, parked.error.type) == ("failed", "total")
    bench.next_stopped()


def test_the_total_limit_ends_a_held_and_a_suspended_task(arbiter):
    arbiter.agent("a", kinds="work")(lambda task: None)
    arbiter.start()
    held = arbiter.submit("work", hold="look", limits=Limits(total=0.3)).task_id
    aside = arbiter.submit("work", hold="look", limits=Limits(total=0.3)).task_id
    arbiter.suspend(aside)
    for task_id in (held, aside):
        parked = arbiter.wait(task_id, 5)
        assert (parked.status, parked.error.type) == ("failed", "total")


def test_a_handler_knows_its_deadline(arbiter):
    deadlines = []
    arbiter.agent("a", kinds="work", limits=Limits(start_to_close=30))(
        lambda task: deadlines.append(task.deadline)
    )
    arbiter.start()
    done = arbiter.wait(arbiter.submit("work").task_id, 5)
    assert deadlines[0] is not None
    assert deadlines[0] - done.submitted_at < timedelta(seconds=31)


def test_the_limits_of_a_submission_count_before_those_of_the_agent(arbiter, bench):
    arbiter.agent("a", kinds="work", limits=Limits(start_to_close=60), retry=ONCE)(bench.awork)
    arbiter.start()
    parked = arbiter.wait(arbiter.submit("work", limits=SHORT).task_id, 5)
    assert parked.error.type == "start_to_close"
