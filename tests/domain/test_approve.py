from __future__ import annotations

from datetime import timedelta

from arbiter.domain import verbs
from arbiter.domain.blob import blob_of
from arbiter.domain.errors import ApprovalMismatch, HoldExpired, IllegalTransition, InvalidInput
from arbiter.domain.facts import TaskApproved
from arbiter.domain.status import Status
from arbiter.testing.builders import NOON, a_task
from arbiter.testing.scenario import given

LATER = NOON + timedelta(hours=1)
HELD = a_task(hold="look at it first", hold_until=LATER).gated()


def test_agreeing_to_exactly_this_work_sends_it_to_the_gate():
    outcome = given(HELD).when(
        lambda task: verbs.approve(task, task.digest, at=NOON, by="ann", why="fine", until=LATER)
    )
    task = outcome.then(TaskApproved)
    assert task.status is Status.PENDING
    assert (task.approved, task.approved_until) == (task.digest, LATER)
    assert (outcome.facts[0].by, outcome.facts[0].why) == ("ann", "fine")


def test_agreeing_to_something_else_is_refused():
    refusal = (
        given(HELD)
        .when(lambda task: verbs.approve(task, "0" * 64, at=NOON))
        .then_refused(ApprovalMismatch)
    )
    assert (refusal.approved, refusal.actual) == ("0" * 64, HELD.task.digest)


def test_an_edited_payload_needs_a_new_approval():
    approved_once = HELD.approved().failed()
    edited = approved_once.redriven(payload=blob_of(b'"edited"'))
    assert edited.task.status is Status.HELD
    given(edited).when(
        lambda task: verbs.approve(task, approved_once.task.digest, at=NOON)
    ).then_refused(ApprovalMismatch)


def test_the_time_to_decide_ends():
    refusal = (
        given(HELD)
        .when(lambda task: verbs.approve(task, task.digest, at=LATER))
        .then_refused(HoldExpired)
    )
    assert refusal.until == LATER


def test_an_approval_that_would_be_over_at_once_is_refused():
    given(HELD).when(
        lambda task: verbs.approve(task, task.digest, at=NOON, until=NOON)
    ).then_refused(InvalidInput)


def test_only_a_held_task_can_be_approved_whatever_the_digest():
    given(a_task().queued()).when(lambda task: verbs.approve(task, "0" * 64, at=NOON)).then_refused(
        IllegalTransition
    )
