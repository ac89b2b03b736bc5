from __future__ import annotations

import pytest

from arbiter.domain import verbs
from arbiter.domain.blob import blob_of
from arbiter.domain.errors import AttemptFenced
from arbiter.domain.facts import TaskSuspended
from arbiter.domain.status import Status
from arbiter.testing.builders import FIRST, NOON, a_task
from arbiter.testing.scenario import given


def suspend(task):
    return verbs.suspend(task, at=NOON, by="ann", why="wait for the fix")


@pytest.mark.parametrize(
    ("life", "spent"),
    [
        (a_task().held(), 0),
        (a_task().queued(), 0),
        (a_task().routed_to("ruff"), 0),
        (a_task().running(), 0),
        (a_task().retrying(), 1),
        (a_task().retrying().routed_to("ruff"), 1),
        (a_task().retrying().running(), 1),
    ],
)
def test_setting_a_task_aside_costs_no_attempt(life, spent):
    outcome = given(life).when(suspend)
    task = outcome.then(TaskSuspended)
    assert (task.status, task.spent) == (Status.SUSPENDED, spent)
    assert (outcome.facts[0].by, outcome.facts[0].why) == ("ann", "wait for the fix")


def test_the_attempt_that_ran_loses_the_task():
    life = a_task().running().suspended()
    assert (life.task.attempt_id, life.task.incarnation, life.task.deadline) == (None, None, None)
    given(life).when(lambda task: verbs.complete(task, FIRST, blob_of(b"1"), at=NOON)).then_refused(
        AttemptFenced
    )
