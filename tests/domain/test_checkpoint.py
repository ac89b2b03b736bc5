from __future__ import annotations

from arbiter.domain import verbs
from arbiter.domain.blob import blob_of
from arbiter.domain.errors import AttemptFenced
from arbiter.domain.facts import TaskCheckpointed
from arbiter.domain.status import Status
from arbiter.testing.builders import FIRST, NOON, SECOND, a_task
from arbiter.testing.scenario import given

HALF = blob_of(b'{"done":5}')


def test_a_handler_writes_down_how_far_it_has_come():
    task = (
        given(a_task().running())
        .when(lambda task: verbs.checkpoint(task, FIRST, HALF, at=NOON))
        .then(TaskCheckpointed)
    )
    assert task.status is Status.RUNNING
    assert (task.checkpoint, task.checkpoint_version) == (HALF, task.version)


def test_an_attempt_that_lost_the_task_writes_nothing():
    given(a_task().running()).when(
        lambda task: verbs.checkpoint(task, SECOND, HALF, at=NOON)
    ).then_refused(AttemptFenced)


def test_progress_is_kept_for_the_next_attempt_the_next_resume_and_the_next_run():
    life = a_task().running().checkpointed(b'{"done":5}')
    assert life.retrying().task.checkpoint == HALF
    assert life.suspended().resumed().task.checkpoint == HALF
    assert life.failed().redriven().task.checkpoint == HALF


def test_progress_with_one_payload_is_none_with_another():
    life = a_task().running().checkpointed(b'{"done":5}').failed()
    task = life.redriven(payload=blob_of(b'"edited"')).task
    assert (task.checkpoint, task.checkpoint_version) == (None, None)
