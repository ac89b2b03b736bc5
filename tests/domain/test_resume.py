from __future__ import annotations

from datetime import timedelta

import pytest

from arbiter.domain import verbs
from arbiter.domain.errors import IllegalTransition
from arbiter.domain.facts import TaskResumed
from arbiter.domain.status import Status
from arbiter.testing.builders import NOON, a_task
from arbiter.testing.scenario import given


def resume(task):
    return verbs.resume(task, at=NOON, by="ann")


def test_a_task_that_goes_on_passes_the_gate_again():
    outcome = given(a_task().queued().suspended()).when(resume)
    assert outcome.then(TaskResumed).status is Status.PENDING
    assert outcome.facts[0].by == "ann"


def test_only_what_was_set_aside_can_go_on():
    given(a_task().queued()).when(resume).then_refused(IllegalTransition)


@pytest.mark.parametrize(
    "life",
    [a_task().queued(), a_task().routed_to("ruff"), a_task().running(), a_task().retrying()],
    ids=["queued", "assigned", "running", "retrying"],
)
def test_what_was_through_is_queued_again(life):
    assert life.suspended().resumed().task.status is Status.QUEUED


def test_what_was_held_is_held_again_for_the_same_reason():
    held = a_task(hold="look at it first", hold_until=NOON + timedelta(days=1)).gated()
    again = held.suspended().resumed().task
    assert again.status is Status.HELD
    assert (again.waits_for, again.hold_until) == (held.task.waits_for, held.task.hold_until)


def test_a_retry_still_waits_for_its_moment():
    life = a_task().retrying()
    assert life.suspended().resumed().task.not_before == life.task.not_before
