from __future__ import annotations

import pytest

from arbiter.domain import verbs
from arbiter.domain.blob import blob_of
from arbiter.domain.errors import IllegalTransition
from arbiter.domain.facts import TaskRedriven
from arbiter.domain.retry import RetryPolicy
from arbiter.domain.status import Status
from arbiter.testing.builders import NOON, a_task, cleaned_up
from arbiter.testing.scenario import given

PARKED = a_task(payload=blob_of(b'"first"')).later(60).failed()
EDITED = blob_of(b'"edited"')


def redrive(task, **details):
    return verbs.redrive(task, at=NOON, by="ann", why="fixed", **details)


def test_a_parked_task_begins_a_new_run_before_the_gate():
    outcome = given(PARKED).when(redrive)
    task = outcome.then(TaskRedriven)
    assert (task.status, task.run) == (Status.PENDING, 2)
    assert (outcome.facts[0].by, outcome.facts[0].why) == ("ann", "fixed")


def test_the_allowance_is_renewed_and_attempt_numbers_go_on_rising():
    life = PARKED.redriven()
    assert (life.task.spent, life.task.attempt) == (0, 3)
    assert life.running().task.attempt == 4
    assert life.failed().task.attempt == 6


def test_the_clocks_of_a_run_begin_anew():
    task = PARKED.later(60).redriven().task
    assert task.submitted_at == NOON
    assert task.run_since == task.queued_since
    assert (task.run_since - NOON).total_seconds() == 120
    assert (task.first_start, task.not_before, task.ended_at) == (None, None, None)


def test_who_did_the_last_run_is_forgotten():
    life = a_task(retry=RetryPolicy(max_attempts=1)).failed()
    assert (life.task.agent, life.task.started_at) == ("ruff", NOON)
    again = life.redriven().task
    assert (again.agent, again.started_at, again.incarnation) == (None, None, None)


def test_the_payload_stays_unless_it_is_edited():
    same = given(PARKED).when(redrive).then(TaskRedriven)
    assert (same.payload, same.payload_version) == (PARKED.task.payload, 1)
    other = given(PARKED).when(lambda task: redrive(task, payload=EDITED)).then(TaskRedriven)
    assert (other.payload, other.payload_version) == (EDITED, other.version)
    assert other.digest != same.digest


def test_a_hold_that_expired_is_asked_again_without_a_deadline():
    life = a_task(hold="look at it first", hold_until=NOON).gated().then(cleaned_up)
    task = life.redriven().task
    assert (task.status, task.hold_until) == (Status.HELD, None)


@pytest.mark.parametrize(
    "life",
    [a_task().queued(), a_task().completed(), a_task().cancelled(), a_task().held().rejected()],
    ids=["queued", "completed", "cancelled", "rejected"],
)
def test_only_a_parked_task_can_be_redriven(life):
    given(life).when(redrive).then_refused(IllegalTransition)


def test_every_run_may_be_redriven():
    life = a_task(retry=RetryPolicy(max_attempts=1))
    for run in range(1, 5):
        life = life.failed().redriven()
        assert (life.task.run, life.task.attempt) == (run + 1, run)
