from __future__ import annotations

from datetime import timedelta

import pytest

from arbiter.domain import verbs
from arbiter.domain.facts import TaskFailed
from arbiter.domain.limits import Limits
from arbiter.domain.status import Status
from arbiter.testing.builders import NOON, a_task, suspended
from arbiter.testing.scenario import given

MINUTE = timedelta(seconds=60)
OVERDUE = {
    "schedule_to_start": a_task(limits=Limits(schedule_to_start=60)).queued(),
    "hold": a_task(hold="look at it first", hold_until=NOON + MINUTE).gated(),
    "total": a_task(limits=Limits(total=60)).queued().then(suspended),
}


@pytest.mark.parametrize("limit", OVERDUE)
def test_a_limit_that_passes_ends_the_run_and_is_named(limit):
    life = OVERDUE[limit]
    task = given(life).when(lambda task: verbs.expire(task, at=NOON + MINUTE)).then(TaskFailed)
    assert (task.status, task.ended_at) == (Status.FAILED, NOON + MINUTE)
    assert (task.error.kind, task.error.type) == ("timeout", limit)
    assert task.error.message == f"the {limit} limit passed while the task was {life.task.status}"


@pytest.mark.parametrize("limit", OVERDUE)
def test_until_then_there_is_nothing_to_decide(limit):
    just_before = NOON + MINUTE - timedelta(microseconds=1)
    given(OVERDUE[limit]).when(lambda task: verbs.expire(task, at=just_before)).then_nothing()


def test_without_limits_a_task_never_expires():
    in_a_century = NOON + timedelta(days=36500)
    given(a_task().queued()).when(lambda task: verbs.expire(task, at=in_a_century)).then_nothing()


def test_what_has_ended_does_not_expire():
    life = a_task(limits=Limits(total=60)).completed()
    given(life).when(lambda task: verbs.expire(task, at=NOON + MINUTE)).then_nothing()
