from __future__ import annotations

from datetime import timedelta

from arbiter.domain import verbs
from arbiter.domain.facts import TaskDeferred
from arbiter.domain.status import Status
from arbiter.testing.builders import NOON, a_task, deferred, regated, routed, validated
from arbiter.testing.scenario import given

SOON = NOON + timedelta(seconds=30)


def test_a_task_nobody_can_do_now_stays_queued_and_is_looked_at_again():
    task = (
        given(a_task().queued())
        .when(lambda task: verbs.defer(task, "no agent is able", SOON, at=NOON))
        .then(TaskDeferred)
    )
    assert task.status is Status.QUEUED
    assert (task.deferred, task.look_again) == ("no agent is able", SOON)


def test_the_reason_is_forgotten_once_somebody_can():
    task = a_task().queued().then(deferred, routed).task
    assert (task.deferred, task.look_again) == (None, None)


def test_the_reason_is_forgotten_when_the_rules_change():
    task = a_task().queued().then(deferred, regated, validated).task
    assert (task.deferred, task.look_again) == (None, None)
