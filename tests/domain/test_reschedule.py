from __future__ import annotations

from datetime import timedelta

import pytest

from arbiter.domain import verbs
from arbiter.domain.errors import IllegalTransition, InvalidInput
from arbiter.domain.facts import TaskRescheduled
from arbiter.testing.builders import NOON, a_task
from arbiter.testing.scenario import given

LATER = NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    "life", [a_task().held(), a_task().queued(), a_task().queued().suspended()]
)
def test_a_waiting_task_keeps_its_status_and_changes_its_place(life):
    task = (
        given(life)
        .when(lambda task: verbs.reschedule(task, at=NOON, priority=0, not_before=LATER, by="ann"))
        .then(TaskRescheduled)
    )
    assert (task.status, task.priority, task.not_before) == (life.task.status, 0, LATER)


def test_what_is_not_named_stays():
    life = a_task(priority=3, not_before=LATER).queued()
    sooner = given(life).when(lambda task: verbs.reschedule(task, at=NOON, not_before=NOON))
    assert sooner.then(TaskRescheduled).priority == 3
    first = given(life).when(lambda task: verbs.reschedule(task, at=NOON, priority=9))
    assert first.then(TaskRescheduled).not_before == LATER


def test_naming_nothing_is_refused():
    given(a_task().queued()).when(lambda task: verbs.reschedule(task, at=NOON)).then_refused(
        InvalidInput
    )


def test_what_runs_has_its_place_already():
    given(a_task().running()).when(
        lambda task: verbs.reschedule(task, at=NOON, priority=9)
    ).then_refused(IllegalTransition)
