"""Which time limit bears on a task where it stands, and from when it counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from arbiter.domain.deadlines import due_at, overdue, start_ends, total_ends
from arbiter.domain.limits import Limits
from arbiter.testing.builders import (
    LOST,
    NOON,
    a_task,
    approved,
    regated,
    rescheduled,
    resumed,
    suspended,
    validated,
    worker_lost,
)


def after(seconds):
    return NOON + timedelta(seconds=seconds)


START = Limits(schedule_to_start=60)
BOTH = Limits(schedule_to_start=60, total=600)
EACH = Limits(schedule_to_start=60, start_to_close=10, total=600, heartbeat=5)


@pytest.mark.parametrize(
    ("life", "seconds"),
    [
        (a_task(limits=EACH).queued(), 60),
        (a_task(limits=EACH).routed_to("ruff"), 60),
        (a_task(limits=EACH).running(), 10),
        (a_task(limits=EACH).retrying(), 600),
        (a_task(limits=EACH).held(), 600),
        (a_task(limits=EACH).queued().suspended(), 600),
        (a_task(limits=EACH, hold="look", hold_until=after(5)).gated(), 5),
        (a_task(limits=EACH, hold="look", hold_until=after(5)).queued(), 60),
    ],
    ids=[
        "queued",
        "assigned",
        "running",
        "retrying",
        "held",
        "suspended",
        "held with a time to decide",
        "approved in time",
    ],
)
def test_the_nearest_limit_that_bears_on_a_task_is_when_it_is_due(life, seconds):
    assert due_at(life.task) == after(seconds)


@pytest.mark.parametrize(
    "life",
    [
        a_task(limits=EACH),
        a_task(limits=EACH).completed(),
        a_task(limits=EACH).failed(),
        a_task(limits=EACH).cancelled(),
        a_task().running(),
    ],
    ids=["pending", "completed", "failed", "cancelled", "without limits"],
)
def test_on_other_tasks_no_limit_bears(life):
    assert due_at(life.task) is None


@pytest.mark.parametrize(
    ("life", "limit", "seconds"),
    [
        (a_task(limits=BOTH).queued(), "schedule_to_start", 60),
        (a_task(limits=BOTH).routed_to("ruff"), "schedule_to_start", 60),
        (a_task(limits=BOTH).retrying(), "total", 600),
        (a_task(limits=BOTH).queued().suspended(), "total", 600),
        (a_task(hold="look", hold_until=after(5)).gated(), "hold", 5),
    ],
)
def test_a_limit_is_over_when_its_moment_has_come_and_not_before(life, limit, seconds):
    just_before = after(seconds) - timedelta(microseconds=1)
    assert overdue(life.task, just_before) is None
    assert overdue(life.task, after(seconds)) == limit


def test_waiting_for_a_start_counts_from_the_submission():
    assert start_ends(a_task(limits=START).queued().task) == after(60)


def test_waiting_for_a_start_counts_from_the_moment_asked_for_if_that_is_later():
    life = a_task(limits=START, not_before=after(100)).queued()
    assert start_ends(life.task) == after(160)
    assert start_ends(life.then(rescheduled(not_before=after(200))).task) == after(260)
    assert start_ends(a_task(limits=START, not_before=after(-100)).queued().task) == after(60)


def test_a_scheduled_task_given_back_before_its_start_still_counts_from_that_moment():
    life = a_task(limits=START, not_before=after(100)).queued().later(100).routed_to("ruff")
    assert start_ends(life.released().task) == after(160)
    assert start_ends(life.then(worker_lost).task) == after(160)


def test_the_time_a_task_was_held_is_no_time_in_the_queue():
    held = a_task(limits=START, hold="look").gated().later(3600)
    assert start_ends(held.approved().task) == after(3660)


def test_the_time_a_task_was_set_aside_is_no_time_in_the_queue():
    aside = a_task(limits=START).queued().then(suspended).later(3600)
    assert start_ends(aside.then(resumed, validated).task) == after(3660)


def test_new_rules_do_not_lengthen_the_wait_of_a_queued_task():
    life = a_task(limits=START).queued().later(30).then(regated, validated)
    assert start_ends(life.task) == after(60)


def test_new_rules_end_the_hold_of_a_held_one():
    life = a_task(limits=START).held().later(30).then(regated, validated)
    assert start_ends(life.task) == after(90)


def test_once_a_run_has_started_it_no_longer_waits_for_its_start():
    assert start_ends(a_task(limits=START).retrying().task) is None
    assert start_ends(a_task(limits=START).retrying(LOST).task) is None
    assert start_ends(a_task(limits=START).running().released().task) is None


def test_each_run_has_its_own_time():
    life = a_task(limits=BOTH).failed().later(3600).redriven()
    assert start_ends(life.task) == after(3660)
    assert total_ends(life.task) == after(4200)


def test_the_total_goes_on_through_holds_retries_and_being_set_aside():
    life = a_task(limits=BOTH).held().later(100).then(approved).gated()
    life = life.retrying().later(100).then(suspended).later(100).resumed()
    assert total_ends(life.task) == after(600)


def test_a_running_attempt_ends_with_the_total_if_that_comes_first():
    life = a_task(limits=EACH).queued().later(595).running()
    assert life.task.deadline == due_at(life.task) == after(600)
