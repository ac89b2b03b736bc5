from __future__ import annotations

from datetime import timedelta

import pytest

from arbiter.domain import verbs
from arbiter.domain.errors import AttemptFenced
from arbiter.domain.facts import TaskStarted
from arbiter.domain.limits import Limits
from arbiter.domain.status import Status
from arbiter.testing.builders import FIRST, NOON, SECOND, a_task, released, routed, started
from arbiter.testing.scenario import given


def start(task):
    return verbs.start(task, FIRST, at=NOON)


def test_the_attempt_begins_and_counts_from_now_on():
    task = given(a_task().routed_to("ruff")).when(start).then(TaskStarted)
    assert (task.status, task.started_at, task.spent) == (Status.RUNNING, NOON, 1)
    assert task.deadline is None
    assert not task.alone


def test_only_the_attempt_that_holds_a_task_may_start_it():
    given(a_task().routed_to("ruff")).when(
        lambda task: verbs.start(task, SECOND, at=NOON)
    ).then_refused(AttemptFenced)


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        (Limits(start_to_close=10), 10),
        (Limits(total=60), 60),
        (Limits(start_to_close=10, total=60), 10),
        (Limits(start_to_close=100, total=60), 60),
    ],
)
def test_its_deadline_is_the_nearer_of_its_own_and_the_run_s(limits, seconds):
    task = given(a_task(limits=limits).routed_to("ruff")).when(start).then(TaskStarted)
    assert task.deadline == NOON + timedelta(seconds=seconds)


def test_the_first_start_of_a_run_is_remembered():
    life = a_task().running().later(60).then(released, routed, started)
    assert life.task.first_start == NOON
    assert life.task.started_at == NOON + timedelta(seconds=60)
