"""A run that timed out may leave a handler behind: the next run waits until it must have stopped."""

from datetime import timedelta

from arbiter.domain import facts as f
from arbiter.domain import verbs
from arbiter.domain.limits import Limits
from arbiter.domain.retry import RetryPolicy
from arbiter.domain.status import Status
from arbiter.domain.task import Task, evolve
from arbiter.domain.verbs import STOP_GRACE
from arbiter.testing.builders import a_task

TIMEOUT = f.Failure(kind="timeout", type="start_to_close", message="too slow")
BROKEN = f.Failure(kind="exception", type="ValueError", message="no")


def failed(error: f.Failure) -> Task:
    task = (
        a_task(retry=RetryPolicy(max_attempts=1), limits=Limits(start_to_close=1))
        .queued()
        .routed_to("ruff")
        .running()
        .task
    )
    assert task.attempt_id is not None
    assert task.started_at is not None
    ended = task.started_at + timedelta(seconds=1)
    for fact in verbs.fail_attempt(task, task.attempt_id, error, at=ended, chance=0.5):
        task = evolve(task, fact)
    assert task.status is Status.FAILED
    return task


def test_a_redrive_right_after_a_timeout_waits_for_the_grace_of_the_old_handler():
    task = failed(TIMEOUT)
    redriven = verbs.redrive(task, at=task.ended_at + timedelta(seconds=2))
    assert redriven.not_before == task.ended_at + STOP_GRACE


def test_a_redrive_long_after_a_timeout_waits_for_nothing():
    task = failed(TIMEOUT)
    assert verbs.redrive(task, at=task.ended_at + 2 * STOP_GRACE).not_before is None


def test_a_redrive_after_an_error_waits_for_nothing():
    task = failed(BROKEN)
    assert verbs.redrive(task, at=task.ended_at).not_before is None
