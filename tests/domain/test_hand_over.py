from __future__ import annotations

from datetime import timedelta

import pytest

from arbiter.application.ready_row import ready_row, stops
from arbiter.domain import verbs
from arbiter.domain.blob import NULL
from arbiter.domain.deadlines import due_at
from arbiter.domain.errors import AttemptFenced, IllegalTransition
from arbiter.domain.facts import (
    TaskAttemptFailed,
    TaskCancelled,
    TaskCompleted,
    TaskFailed,
    TaskHandedOver,
)
from arbiter.domain.limits import Limits
from arbiter.domain.retry import RetryPolicy
from arbiter.domain.status import Status
from arbiter.testing.builders import FIRST, NOON, SECOND, a_task, handed_over
from arbiter.testing.scenario import given

HOUR = timedelta(hours=1)
EVENLY = 0.5
ONCE = RetryPolicy(max_attempts=1)


def hand_over(attempt=FIRST, seconds=3600.0):
    return lambda task: verbs.hand_over(task, attempt, seconds, at=NOON)


def give_up(at):
    return lambda task: verbs.give_up(task, at=at, chance=EVENLY)


def test_an_attempt_that_was_handed_over_belongs_to_no_worker():
    running = a_task().running()
    task = given(running).when(hand_over()).then(TaskHandedOver)
    assert (task.status, task.attempt_id, task.agent) == (Status.RUNNING, FIRST, "ruff")
    assert (task.incarnation, task.is_outside, running.task.is_outside) == (None, True, False)


def test_the_fact_tells_to_whom_and_until_when():
    outcome = given(a_task().running()).when(hand_over(seconds=60))
    outcome.then(TaskHandedOver)
    (fact,) = outcome.facts
    assert (fact.attempt_id, fact.agent) == (FIRST, "ruff")
    assert fact.until == NOON + timedelta(seconds=60)


@pytest.mark.parametrize("limits", [Limits(start_to_close=60), Limits(total=60)])
def test_the_attempt_s_own_deadline_counts_where_it_is_earlier(limits):
    task = given(a_task(limits=limits).running()).when(hand_over()).then(TaskHandedOver)
    assert task.deadline == NOON + timedelta(seconds=60)


def test_only_the_attempt_that_holds_a_task_may_be_handed_over():
    given(a_task().running()).when(hand_over(SECOND)).then_refused(AttemptFenced)


def test_an_attempt_is_handed_over_once():
    refused = given(a_task().handed_over()).when(hand_over()).then_refused(IllegalTransition)
    assert "task.handed_over" in str(refused)


def test_its_row_is_in_no_worker_s_hands_and_has_its_limit():
    task = a_task().handed_over().task
    row = ready_row(task, at=NOON)
    assert row is not None
    assert (row.claimed_by, row.due, row.due_at) == (None, False, NOON + HOUR)
    assert due_at(task) == NOON + HOUR


def test_its_answer_ends_the_run():
    life = a_task().handed_over()
    done = given(life).when(lambda task: verbs.complete(task, FIRST, NULL, at=NOON))
    assert done.then(TaskCompleted).status is Status.COMPLETED


def test_the_answer_of_an_old_attempt_is_fenced():
    life = a_task().handed_over().retrying().running()
    late = given(life).when(lambda task: verbs.complete(task, FIRST, NULL, at=NOON))
    late.then_refused(AttemptFenced)


def test_until_its_limit_there_is_nothing_to_decide():
    just_before = NOON + HOUR - timedelta(microseconds=1)
    given(a_task().handed_over()).when(give_up(just_before)).then_nothing()


def test_who_runs_here_is_not_given_up():
    life = a_task(limits=Limits(start_to_close=60)).running()
    given(life).when(give_up(NOON + HOUR)).then_nothing()


def test_silence_until_the_limit_fails_the_attempt_and_another_one_follows():
    task = given(a_task().handed_over()).when(give_up(NOON + HOUR)).then(TaskAttemptFailed)
    assert task.error is not None
    assert (task.status, task.spent) == (Status.QUEUED, 1)
    assert (task.error.kind, task.error.type) == ("timeout", "callback")
    assert task.error.message == "the callback limit passed, and agent ruff did not answer"


@pytest.mark.parametrize(
    ("limits", "limit", "then"),
    [
        (Limits(start_to_close=60), "start_to_close", TaskAttemptFailed),
        (Limits(total=60), "total", TaskFailed),
        (Limits(start_to_close=60, total=60), "total", TaskFailed),
    ],
)
def test_the_limit_that_passed_is_named(limits, limit, then):
    life = a_task(limits=limits).handed_over()
    task = given(life).when(give_up(NOON + timedelta(seconds=60))).then(then)
    assert task.error is not None
    assert task.error.type == limit


def test_silence_on_the_last_attempt_fails_the_run():
    given(a_task(retry=ONCE).handed_over()).when(give_up(NOON + HOUR)).then(TaskFailed)


def test_nobody_here_has_to_stop_when_it_is_cancelled_or_given_up():
    life = a_task().handed_over()
    cancelled = given(life).when(lambda task: verbs.cancel(task, at=NOON))
    assert cancelled.then(TaskCancelled).incarnation is None
    gone = verbs.give_up(life.task, at=NOON + HOUR, chance=EVENLY)
    assert stops(life.task, tuple(gone)) is None


def test_progress_and_usage_may_still_be_noted():
    life = a_task().running().checkpointed(b'{"page":1}').then(handed_over)
    used = verbs.report_usage(life.task, FIRST, at=NOON, tokens=5)
    assert used.version == life.task.version + 1
