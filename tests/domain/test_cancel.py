from __future__ import annotations

import pytest

from arbiter.domain import verbs
from arbiter.domain.blob import blob_of
from arbiter.domain.errors import AttemptFenced, IllegalTransition
from arbiter.domain.facts import TaskCancelled
from arbiter.domain.status import Status
from arbiter.testing.builders import FIRST, NOON, a_task
from arbiter.testing.scenario import given


def cancel(task):
    return verbs.cancel(task, at=NOON, by="ann", why="no longer needed")


@pytest.mark.parametrize(
    "life",
    [
        a_task(),
        a_task().held(),
        a_task().queued(),
        a_task().routed_to("ruff"),
        a_task().running(),
        a_task().queued().suspended(),
    ],
    ids=["pending", "held", "queued", "assigned", "running", "suspended"],
)
def test_a_live_task_ends_on_request(life):
    outcome = given(life).when(cancel)
    task = outcome.then(TaskCancelled)
    assert (task.status, task.ended_at, task.waits_for) == (Status.CANCELLED, NOON, ())
    assert (task.attempt_id, task.incarnation) == (None, None)
    assert (outcome.facts[0].by, outcome.facts[0].why) == ("ann", "no longer needed")


def test_a_result_that_comes_after_is_refused():
    given(a_task().running().cancelled()).when(
        lambda task: verbs.complete(task, FIRST, blob_of(b"1"), at=NOON)
    ).then_refused(AttemptFenced)


@pytest.mark.parametrize("life", [a_task().completed(), a_task().failed(), a_task().cancelled()])
def test_what_has_ended_cannot_be_cancelled(life):
    given(life).when(cancel).then_refused(IllegalTransition)
