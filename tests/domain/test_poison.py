"""A task that kills its workers runs alone; one that kills its process while alone is poison."""

from __future__ import annotations

import pytest

from arbiter.domain import verbs
from arbiter.domain.facts import TaskAttemptFailed, TaskFailed
from arbiter.domain.retry import RetryPolicy
from arbiter.testing.builders import ERROR, LOST, NOON, a_task, worker_lost
from arbiter.testing.scenario import given

MANY = a_task(retry=RetryPolicy(max_attempts=100))


def after_losses(losses):
    life = MANY
    for _ in range(losses):
        life = life.retrying(LOST)
    return life


def lose(task):
    return verbs.fail_attempt(task, task.attempt_id, LOST, at=NOON, chance=0.5)


@pytest.mark.parametrize(("losses", "alone"), [(0, False), (1, False), (2, True), (3, True)])
def test_from_the_second_loss_on_a_task_runs_alone(losses, alone):
    assert after_losses(losses).running().task.alone is alone


def test_losses_while_others_ran_beside_it_never_make_it_poison():
    life = after_losses(2)
    assert (life.task.losses, life.task.losses_alone) == (2, 0)


@pytest.mark.parametrize("losses", [2, 3])
def test_the_first_losses_alone_are_forgiven(losses):
    given(after_losses(losses).running()).when(lose).then(TaskAttemptFailed)


def test_the_third_loss_alone_shows_poison():
    task = given(after_losses(4).running()).when(lose).then(TaskFailed)
    assert (task.error.kind, task.error.type) == ("worker_lost", "Poison")
    assert task.error.message == ("killed its own process 3 times while alone: its worker was lost")


def test_other_failures_alone_are_no_sign_of_poison():
    life = after_losses(4)
    for _ in range(5):
        life = life.retrying(ERROR)
    assert (life.task.losses, life.task.losses_alone) == (4, 2)


def test_losses_before_the_start_are_nobody_s_fault():
    life = MANY
    for _ in range(10):
        life = life.routed_to("ruff").then(worker_lost)
    assert (life.task.spent, life.task.losses, life.task.attempt) == (0, 0, 10)


def test_the_allowance_may_end_the_run_before_poison_is_proved():
    life = a_task(retry=RetryPolicy(max_attempts=3)).failed(LOST)
    assert (life.task.error, life.task.spent) == (LOST, 3)


def test_a_new_run_begins_without_suspicion():
    task = after_losses(4).retrying(LOST).redriven().running().task
    assert (task.losses, task.losses_alone, task.alone) == (0, 0, False)
