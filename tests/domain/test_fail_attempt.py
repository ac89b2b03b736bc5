from __future__ import annotations

from datetime import timedelta

import pytest

from arbiter.domain import verbs
from arbiter.domain.errors import AttemptFenced
from arbiter.domain.facts import Failure, TaskAttemptFailed, TaskFailed, TaskHeld, TaskRegated, Wait
from arbiter.domain.limits import Limits
from arbiter.domain.retry import RetryPolicy
from arbiter.domain.status import Status
from arbiter.testing.builders import ERROR, FIRST, LOST, NOON, SECOND, a_task
from arbiter.testing.scenario import given

REFUSED = Failure(kind="refused", type="Refused", message="no such handler")
EVENLY = 0.5  # the chance that leaves the delay as it is


def fail(error=ERROR, *, chance=EVENLY, at=NOON):
    return lambda task: verbs.fail_attempt(task, task.attempt_id, error, at=at, chance=chance)


def test_a_failed_attempt_is_followed_by_another_after_a_delay():
    task = given(a_task().running()).when(fail()).then(TaskAttemptFailed)
    assert (task.status, task.error, task.spent) == (Status.QUEUED, ERROR, 1)
    assert task.not_before == NOON + timedelta(seconds=1)
    assert (task.attempt_id, task.agent, task.incarnation, task.started_at) == (None,) * 4


def test_the_fact_tells_which_attempt_it_was():
    outcome = given(a_task().retrying().running()).when(fail())
    outcome.then(TaskAttemptFailed)
    assert (outcome.facts[0].attempt, outcome.facts[0].error) == (2, ERROR)


def test_the_delay_grows_with_the_attempts_spent():
    task = given(a_task().retrying().running()).when(fail()).then(TaskAttemptFailed)
    assert task.not_before == NOON + timedelta(seconds=2)


def test_chance_moves_the_delay():
    task = given(a_task().running()).when(fail(chance=0.0)).then(TaskAttemptFailed)
    assert task.not_before == NOON + timedelta(seconds=0.5)


@pytest.mark.parametrize("most", [1, 2, 5])
def test_the_last_attempt_allowed_ends_the_run(most):
    life = a_task(retry=RetryPolicy(max_attempts=most))
    for _ in range(most - 1):
        life = life.retrying()
    outcome = given(life.running()).when(fail())
    task = outcome.then(TaskFailed)
    assert (task.status, task.error, task.ended_at) == (Status.FAILED, ERROR, NOON)
    assert outcome.facts[0].attempts == most


def test_a_type_of_error_may_end_the_run_at_once():
    policy = RetryPolicy(on={"ValueError": "fail"})
    given(a_task(retry=policy).running()).when(fail()).then(TaskFailed)


def test_a_type_of_error_may_ask_a_person():
    policy = RetryPolicy(on={"ValueError": "hold"})
    task = (
        given(a_task(retry=policy).running())
        .when(fail())
        .then(TaskAttemptFailed, TaskRegated, TaskHeld)
    )
    assert (task.status, task.spent) == (Status.HELD, 1)
    assert task.waits_for == (Wait(kind="error", reason="ValueError: no such thing"),)
    assert task.hold_until is None


def test_nobody_is_asked_after_the_last_attempt():
    policy = RetryPolicy(max_attempts=1, on={"ValueError": "hold"})
    given(a_task(retry=policy).running()).when(fail()).then(TaskFailed)


def test_no_attempt_follows_once_the_total_limit_has_passed():
    life = a_task(limits=Limits(total=60)).running()
    given(life).when(fail(at=NOON + timedelta(seconds=60))).then(TaskFailed)
    given(life).when(fail(at=NOON + timedelta(seconds=59))).then(TaskAttemptFailed)


def test_a_worker_lost_before_the_start_costs_nothing_and_nothing_is_waited_for():
    policy = RetryPolicy(max_attempts=1, on={"WorkerLost": "fail"})
    task = given(a_task(retry=policy).routed_to("ruff")).when(fail(LOST)).then(TaskAttemptFailed)
    assert (task.spent, task.losses, task.attempt) == (0, 0, 1)
    assert task.not_before == NOON


def test_neither_does_it_when_attempts_were_spent_before():
    task = given(a_task().retrying().routed_to("ruff")).when(fail(LOST)).then(TaskAttemptFailed)
    assert (task.spent, task.losses, task.attempt) == (1, 0, 2)
    assert task.not_before == NOON


def test_a_worker_lost_after_the_start_costs_an_attempt():
    task = given(a_task().running()).when(fail(LOST)).then(TaskAttemptFailed)
    assert (task.spent, task.losses) == (1, 1)
    assert task.not_before == NOON + timedelta(seconds=1)


def test_at_most_once_means_that_a_lost_worker_ends_the_run():
    life = a_task(retry=RetryPolicy(max_attempts=1)).running()
    given(life).when(fail(LOST)).then(TaskFailed)


def test_work_that_was_refused_is_not_offered_again():
    task = given(a_task().running()).when(fail(REFUSED)).then(TaskFailed)
    assert (task.error, task.spent) == (REFUSED, 1)


def test_work_that_was_refused_is_offered_again_where_the_policy_says_so():
    policy = RetryPolicy(on={"Refused": "retry"})
    task = given(a_task(retry=policy).running()).when(fail(REFUSED)).then(TaskAttemptFailed)
    assert task.status is Status.QUEUED


def test_a_refusal_before_the_start_costs_nothing_and_is_not_repeated_at_once():
    task = given(a_task().routed_to("ruff")).when(fail(REFUSED)).then(TaskAttemptFailed)
    assert task.spent == 0
    assert task.not_before == NOON + timedelta(seconds=1)


@pytest.mark.parametrize("life", [a_task().running(), a_task().routed_to("ruff")])
def test_only_the_attempt_that_holds_a_task_may_fail(life):
    given(life).when(
        lambda task: verbs.fail_attempt(task, SECOND, ERROR, at=NOON, chance=EVENLY)
    ).then_refused(AttemptFenced)


def test_an_attempt_fails_once():
    given(a_task().retrying()).when(
        lambda task: verbs.fail_attempt(task, FIRST, ERROR, at=NOON, chance=EVENLY)
    ).then_refused(AttemptFenced)
