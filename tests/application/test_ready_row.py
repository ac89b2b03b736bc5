"""The one row that dispatch knows of a live task."""

from __future__ import annotations

from datetime import timedelta

import pytest

from arbiter.application.ready_row import STOP_GRACE, needs_of, ready_row, stops
from arbiter.domain.blob import blob_of
from arbiter.domain.facts import Failure
from arbiter.domain.limits import Limits
from arbiter.testing.builders import (
    ERROR,
    FIRST,
    LOST,
    NOON,
    WORKER,
    a_task,
    attempt_failed,
    cancelled,
    completed,
    deferred,
    released,
    suspended,
)

LATER = NOON + timedelta(hours=1)
TIMEOUT = Failure(kind="timeout", type="start_to_close")


def row_of(life, at=NOON):
    return ready_row(life.task, at=at)


@pytest.mark.parametrize(
    "life",
    [
        a_task().held(),
        a_task().queued(),
        a_task().routed_to("ruff"),
        a_task().running(),
        a_task().queued().suspended(),
    ],
)
def test_a_task_that_wants_something_has_a_row(life):
    row = row_of(life)
    assert (row.version, row.status) == (life.task.version, life.task.status)


@pytest.mark.parametrize(
    "life",
    [a_task().completed(), a_task().failed(), a_task().cancelled(), a_task().held().rejected()],
)
def test_a_task_that_wants_nothing_has_none(life):
    assert row_of(life) is None


def test_a_queued_task_is_offered_at_once():
    row = row_of(a_task().queued())
    assert row.due
    assert row.not_before is None


def test_a_scheduled_task_is_offered_when_its_moment_comes():
    life = a_task(not_before=LATER).queued()
    assert not row_of(life).due
    assert row_of(life).not_before == LATER
    assert row_of(life, at=LATER).due


def test_a_deferred_task_is_looked_at_again_in_time_but_not_before_its_own_moment():
    life = a_task(not_before=LATER).queued()
    sooner, later = LATER - timedelta(minutes=1), LATER + timedelta(minutes=1)
    assert row_of(life.then(deferred(look_again=later))).not_before == later
    assert row_of(life.then(deferred(look_again=sooner))).not_before == LATER


@pytest.mark.parametrize(
    "life", [a_task().held(), a_task().running(), a_task().queued().suspended()]
)
def test_only_queued_tasks_are_offered(life):
    assert not row_of(life).due


def test_an_attempt_in_hand_is_known_with_its_worker():
    row = row_of(a_task().running())
    assert (row.attempt, row.attempt_id, row.claimed_by) == (1, FIRST, WORKER)


def test_a_task_given_back_belongs_to_nobody():
    row = row_of(a_task().running().released())
    assert (row.attempt, row.attempt_id, row.claimed_by) == (1, None, None)
    assert row.due


def test_the_row_tells_where_the_payload_and_the_progress_are_written():
    life = a_task().running().checkpointed(b"1")
    assert (row_of(life).payload_version, row_of(life).checkpoint_version) == (1, life.task.version)
    edited = life.failed().redriven(payload=blob_of(b"2"))
    assert row_of(edited).payload_version == edited.task.version - 1
    assert row_of(edited).checkpoint_version is None


def test_the_row_tells_when_a_time_limit_passes():
    life = a_task(limits=Limits(schedule_to_start=60, start_to_close=10)).queued()
    assert row_of(life).due_at == NOON + timedelta(seconds=60)
    assert row_of(life.running()).due_at == NOON + timedelta(seconds=10)


def test_what_a_task_needs_is_told_in_sorted_words():
    needs = needs_of({"tools": ("ruff",), "languages": ("sql", "python")})
    assert needs == ("languages:python", "languages:sql", "tools:ruff")
    assert needs_of({}) == ()


@pytest.mark.parametrize("step", [suspended, attempt_failed(error=TIMEOUT)])
def test_a_handler_that_may_still_run_keeps_its_task_from_being_offered(step):
    before = a_task().running()
    after = before.then(step)
    told = stops(before.task, after.facts[len(before.facts) :])
    assert told == WORKER
    row = ready_row(after.task, at=LATER, stops=told)
    assert not row.due
    assert (row.stopping_by, row.stopping_until) == (WORKER, LATER + STOP_GRACE)


@pytest.mark.parametrize(
    "step",
    [attempt_failed(error=ERROR), attempt_failed(error=LOST), released, completed, cancelled],
)
def test_otherwise_no_handler_is_waited_for(step):
    before = a_task().running()
    assert stops(before.task, before.then(step).facts[len(before.facts) :]) is None


@pytest.mark.parametrize("life", [a_task().queued(), a_task().routed_to("ruff")])
def test_what_has_not_started_has_no_handler_to_wait_for(life):
    assert stops(life.task, life.suspended().facts[len(life.facts) :]) is None
