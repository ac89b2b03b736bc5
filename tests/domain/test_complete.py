from __future__ import annotations

from datetime import timedelta

from arbiter.domain import verbs
from arbiter.domain.blob import blob_of
from arbiter.domain.errors import AttemptFenced, IllegalTransition
from arbiter.domain.facts import TaskCompleted
from arbiter.domain.status import Status
from arbiter.testing.builders import (
    FIRST,
    NOON,
    SECOND,
    a_task,
    routed,
    started,
    submitted,
    validated,
)
from arbiter.testing.scenario import given

RESULT = blob_of(b"42")
SOON = NOON + timedelta(milliseconds=1500)


def test_the_attempt_that_holds_a_task_completes_it():
    outcome = given(submitted, validated, routed, started).when(
        lambda task: verbs.complete(task, FIRST, RESULT, at=SOON, quality=0.9, cost=0.1)
    )
    task = outcome.then(TaskCompleted)
    assert (task.status, task.result, task.ended_at) == (Status.COMPLETED, RESULT, SOON)
    assert (task.attempt_id, task.incarnation, task.deadline) == (None,) * 3
    assert (task.agent, task.started_at) == ("ruff", NOON)
    assert outcome.facts[0].latency_ms == 1500.0
    assert (outcome.facts[0].quality, outcome.facts[0].cost) == (0.9, 0.1)


def test_only_the_attempt_that_holds_a_task_may_complete_it():
    given(submitted, validated, routed(attempt=FIRST), started).when(
        lambda task: verbs.complete(task, SECOND, RESULT, at=NOON)
    ).then_refused(AttemptFenced)


def test_a_result_that_comes_after_the_retry_has_begun_is_refused():
    given(a_task().retrying().running()).when(
        lambda task: verbs.complete(task, FIRST, RESULT, at=NOON)
    ).then_refused(AttemptFenced)


def test_a_run_ends_once():
    given(a_task().completed()).when(
        lambda task: verbs.complete(task, FIRST, RESULT, at=NOON)
    ).then_refused(AttemptFenced)


def test_what_has_not_started_cannot_be_done():
    given(a_task().routed_to("ruff")).when(
        lambda task: verbs.complete(task, FIRST, RESULT, at=NOON)
    ).then_refused(IllegalTransition)


def test_errors_of_earlier_attempts_are_behind_it():
    life = a_task().retrying()
    assert life.task.error is not None
    assert life.completed().task.error is None
