"""The sentences of a scenario fail when they are not true."""

from __future__ import annotations

import pytest

from arbiter.domain import verbs
from arbiter.domain.errors import AttemptFenced, IllegalTransition
from arbiter.domain.facts import TaskCancelled, TaskStarted, TaskValidated
from arbiter.domain.status import Status
from arbiter.testing.builders import (
    FIRST,
    NOON,
    SECOND,
    THIRD,
    a_task,
    routed,
    started,
    submitted,
    validated,
)
from arbiter.testing.scenario import given


def start(task):
    return verbs.start(task, FIRST, at=NOON)


def test_a_history_is_told_by_steps_facts_and_built_lives_alike():
    built = a_task().queued().routed_to("ruff")
    assert given(submitted, validated, routed).task == built.task == given(*built.facts).task
    assert given(built, started).task == built.running().task
    assert given().task is None


def test_what_follows_is_expected_by_type_or_by_value():
    outcome = given(submitted, validated, routed).when(start)
    assert outcome.then(TaskStarted) == outcome.then(*outcome.facts)


@pytest.mark.parametrize("expected", [(), (TaskValidated,), (TaskStarted, TaskStarted)])
def test_expecting_something_else_fails(expected):
    outcome = given(submitted, validated, routed).when(start)
    with pytest.raises(AssertionError):
        outcome.then(*expected)
    with pytest.raises(AssertionError):
        outcome.then_nothing()


def test_expecting_a_refusal_that_does_not_come_fails():
    with pytest.raises(AssertionError, match=r"task\.started happened"):
        given(submitted, validated, routed).when(start).then_refused(IllegalTransition)


def test_expecting_another_refusal_fails():
    refused = given(submitted, validated, routed(attempt=SECOND)).when(start)
    assert refused.then_refused(AttemptFenced).attempt_id == FIRST
    with pytest.raises(AssertionError, match="AttemptFenced"):
        refused.then_refused(IllegalTransition)


def test_a_refusal_nobody_expected_is_raised():
    refused = given(submitted).when(lambda task: verbs.resume(task, at=NOON))
    with pytest.raises(IllegalTransition):
        refused.then()
    with pytest.raises(IllegalTransition):
        refused.then_nothing()


def test_a_value_that_differs_in_one_detail_fails():
    outcome = given(submitted).when(lambda task: verbs.cancel(task, at=NOON, by="ann"))
    other = verbs.cancel(a_task().task, at=NOON, by="ben")
    outcome.then(TaskCancelled)
    with pytest.raises(AssertionError):
        outcome.then(other)


def test_a_builder_leaves_the_shorter_life_as_it_was():
    queued = a_task().queued()
    assert queued.running().task.status is Status.RUNNING
    assert queued.task.status is Status.QUEUED


def test_a_builder_fills_in_what_must_have_come_before():
    topics = [fact.topic for fact in a_task().completed().facts]
    assert topics == [
        "task.submitted",
        "task.validated",
        "task.routed",
        "task.started",
        "task.completed",
    ]


def test_attempts_have_ids_by_their_number():
    life = a_task().failed()
    attempts = [fact.attempt_id for fact in life.facts if fact.topic == "task.routed"]
    assert attempts == [FIRST, SECOND, THIRD]


def test_time_passes_only_when_told_to():
    life = a_task().queued().later(60).running()
    assert [(fact.at - NOON).total_seconds() for fact in life.facts] == [0, 0, 60, 60]
