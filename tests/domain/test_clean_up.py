from __future__ import annotations

import pytest

from arbiter.domain import verbs
from arbiter.domain.errors import IllegalTransition
from arbiter.domain.facts import Failure, TaskFailed
from arbiter.domain.status import Status
from arbiter.testing.builders import NOON, a_task
from arbiter.testing.scenario import given


def clean_up(task):
    return verbs.clean_up(task, "queued for 40 days", at=NOON)


@pytest.mark.parametrize("life", [a_task().queued(), a_task().held()], ids=["queued", "held"])
def test_a_task_that_waits_for_too_long_is_parked(life):
    task = given(life).when(clean_up).then(TaskFailed)
    assert task.status is Status.FAILED
    assert task.error == Failure(kind="timeout", type="stale", message="queued for 40 days")


@pytest.mark.parametrize("life", [a_task().running(), a_task().queued().suspended()])
def test_a_task_that_does_not_wait_in_its_queue_is_left_alone(life):
    given(life).when(clean_up).then_refused(IllegalTransition)
