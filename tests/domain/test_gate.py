from __future__ import annotations

from datetime import timedelta

from arbiter.domain.facts import TaskHeld, TaskValidated, Wait
from arbiter.domain.gate import PersonsHold
from arbiter.domain.retry import RetryPolicy
from arbiter.domain.status import Status
from arbiter.testing.builders import (
    ERROR,
    NOON,
    a_task,
    approved,
    cleaned_up,
    redriven,
    regated,
    resumed,
    suspended,
)
from arbiter.testing.scenario import given

LATER = NOON + timedelta(hours=1)
REASON = "touches production"
ASKS = RetryPolicy(on={"ValueError": "hold"})


def answer(task, at=NOON):
    return PersonsHold().answer(task, at=at)


def test_what_nobody_holds_passes():
    task = given(a_task()).when(answer).then(TaskValidated)
    assert task.status is Status.QUEUED


def test_what_a_person_holds_waits_for_that_reason():
    held = given(a_task(hold=REASON, hold_until=LATER)).when(answer).then(TaskHeld)
    assert held.waits_for == (Wait(kind="person", reason=REASON),)
    assert held.hold_until == LATER


def test_what_was_approved_passes_under_its_digest():
    life = a_task(hold=REASON).gated().then(approved)
    outcome = given(life).when(answer)
    task = outcome.then(TaskValidated)
    assert outcome.facts[0].approval == task.digest
    assert task.waits_for == ()


def test_an_approval_that_has_expired_no_longer_opens():
    life = a_task(hold=REASON).gated().approved(until=LATER).then(regated)
    held = given(life).when(lambda task: answer(task, at=LATER)).then(TaskHeld)
    assert held.waits_for == (Wait(kind="person", reason=REASON),)


def test_an_approval_serves_until_the_moment_it_expires():
    life = a_task(hold=REASON).gated().approved(until=LATER).then(regated)
    just_before = LATER - timedelta(microseconds=1)
    given(life).when(lambda task: answer(task, at=just_before)).then(TaskValidated)


def test_an_approval_serves_a_later_run_of_the_same_work():
    life = a_task(hold=REASON).queued().failed().then(redriven)
    given(life).when(answer).then(TaskValidated)


def test_a_hold_that_was_decided_in_time_leaves_no_deadline_for_the_next():
    soon = NOON + timedelta(minutes=1)
    life = a_task(hold=REASON, hold_until=LATER).gated().approved(until=soon).then(regated)
    held = given(life).when(lambda task: answer(task, at=LATER)).then(TaskHeld)
    assert held.hold_until is None


def test_a_held_task_is_held_again_after_suspend_and_resume():
    life = a_task(hold=REASON, hold_until=LATER).gated().then(suspended, resumed)
    held = given(life).when(answer).then(TaskHeld)
    assert held.waits_for == (Wait(kind="person", reason=REASON),)
    assert held.hold_until == LATER


def test_an_error_that_a_person_is_asked_about_outlasts_suspend_and_resume():
    life = a_task(retry=ASKS).running().retrying().then(suspended, resumed)
    held = given(life).when(answer).then(TaskHeld)
    assert held.waits_for == (Wait(kind="error", reason="ValueError: no such thing"),)


def test_an_older_approval_does_not_answer_a_newer_error():
    life = a_task(hold=REASON, retry=ASKS).queued().running().retrying()
    assert life.task.approved == life.task.digest
    given(life, suspended, resumed).when(answer).then(TaskHeld)
    given(life, regated).when(answer).then(TaskHeld)


def test_an_approval_answers_the_error_it_was_asked_about_and_only_once():
    life = a_task(retry=ASKS).running().retrying().approved()
    assert life.task.status is Status.QUEUED
    assert life.retrying(ERROR).task.status is Status.HELD


def test_a_new_run_does_not_wait_for_an_error_of_the_last():
    life = a_task(retry=ASKS).running().retrying().then(cleaned_up, redriven)
    given(life).when(answer).then(TaskValidated)
