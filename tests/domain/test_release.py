from __future__ import annotations

import pytest

from arbiter.domain import verbs
from arbiter.domain.errors import AttemptFenced
from arbiter.domain.facts import TaskReleased
from arbiter.domain.status import Status
from arbiter.testing.builders import NOON, SECOND, a_task
from arbiter.testing.scenario import given


def release(task):
    return verbs.release(task, task.attempt_id, "drain", at=NOON)


@pytest.mark.parametrize(
    ("life", "spent"),
    [
        (a_task().routed_to("ruff"), 0),
        (a_task().running(), 0),
        (a_task().retrying().routed_to("ruff"), 1),
        (a_task().retrying().running(), 1),
    ],
    ids=["assigned", "running", "assigned again", "running again"],
)
def test_a_task_given_back_costs_no_attempt(life, spent):
    task = given(life).when(release).then(TaskReleased)
    assert (task.status, task.spent) == (Status.QUEUED, spent)
    assert (task.attempt_id, task.agent, task.incarnation) == (None, None, None)


def test_a_task_given_back_is_offered_at_once_under_a_new_number():
    life = a_task().running().released()
    assert life.task.not_before is None
    assert life.running().task.attempt == 2


def test_only_the_attempt_that_holds_a_task_may_give_it_back():
    given(a_task().running()).when(
        lambda task: verbs.release(task, SECOND, "drain", at=NOON)
    ).then_refused(AttemptFenced)
