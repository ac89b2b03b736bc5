"""Errors that differ only in their details share a fingerprint, and N of them in a window alert once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbiter.domain import facts as f
from arbiter.domain.failures import (
    EXAMPLES,
    KEPT,
    AlertPolicy,
    Example,
    Pattern,
    answer,
    blames_agent,
    blames_transport,
    evolve,
    new_watch,
    normalised,
    pattern_of,
    seen,
)
from arbiter.testing.builders import ERROR, LOST, NOON

POLICY = AlertPolicy(times=3, window_seconds=300, quiet_seconds=600)
TASK = UUID(int=9)


def later(seconds):
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("message", "pattern"),
    [
        ("took 31.5 s, not 30", "took <n> s, not <n>"),
        ("exit code -9", "exit code <n>"),
        ("task 01900000-0000-7000-8000-000000000001 is gone", "task <id> is gone"),
        ("commit 43c4b8be12aa is unknown", "commit <id> is unknown"),
        ("object at 0x7f3c2b1a0d90", "object at <id>"),
        ("No such file: '/tmp/a b/x.py'", "No such file: <text>"),
        ("cannot read /var/lib/x-1/data.db: denied", "cannot read <path>: denied"),
        ("cannot read C:\\temp\\x.txt: denied", "cannot read <path>: denied"),
        ("cannot read ./src/a.py: denied", "cannot read <path>: denied"),
        ("GET https://example.org/a?b=1 failed", "GET <url> failed"),
        ('unknown key "colour"', "unknown key <text>"),
        ("unknown key `colour` here", "unknown key <text> here"),
        ("it isn't there and can't be", "it isn't there and can't be"),
        ("since 2030-01-02T03:04:05.678Z", "since <time>"),
        ("10.0.0.12:5432 refused", "<address> refused"),
        ("line one\n\n  line   two", "line one line two"),
        ("facade added", "facade added"),
        ("input and/or output", "input and/or output"),
        ("", ""),
    ],
)
def test_what_differs_from_time_to_time_is_left_out(message, pattern):
    assert normalised(message) == pattern


@given(st.text(max_size=200))
def test_what_is_normalised_stays_as_it_is(message):
    once = normalised(message)
    assert normalised(once) == once


@given(st.integers(), st.uuids(), st.integers(), st.uuids())
def test_other_numbers_and_ids_make_the_same_pattern(number, task, other_number, other_task):
    one = f"attempt {number} of {task} failed"
    other = f"attempt {other_number} of {other_task} failed"
    assert normalised(one) == normalised(other)


def test_a_message_of_any_length_is_one_short_pattern():
    assert len(normalised("x" * 10**6)) <= 300
    assert len(normalised("'" * 10**5)) <= 300


def test_kind_type_pattern_and_agent_make_the_fingerprint():
    same = {
        pattern_of(f.Failure(kind="exception", type="ValueError", message=f"no {number}"), "ruff")
        for number in range(10)
    }
    assert len(same) == 1
    (one,) = same
    others = {
        pattern_of(f.Failure(kind="timeout", type="ValueError", message="no 1"), "ruff"),
        pattern_of(f.Failure(kind="exception", type="KeyError", message="no 1"), "ruff"),
        pattern_of(f.Failure(kind="exception", type="ValueError", message="not 1"), "ruff"),
        pattern_of(f.Failure(kind="exception", type="ValueError", message="no 1"), "bandit"),
    }
    assert len({each.fingerprint for each in others | {one}}) == 5


def test_a_fingerprint_is_the_same_in_every_version():
    pattern = Pattern(agent="ruff", kind="exception", type="ValueError", pattern="no <n>")
    assert pattern.fingerprint == PINNED


PINNED = "1d0c9501d0775497"


def watched(moments, policy=POLICY):
    watch, alerts = new_watch(pattern_of(ERROR, "ruff")), []
    for seconds in moments:
        at = later(seconds)
        watch = seen(watch, Example(task_id=TASK, at=at, task_kind="review", message="no"))
        alert = answer(watch, policy, at=watch.last)
        if alert is not None:
            alerts.append(alert)
            watch = evolve(watch, alert)
    return watch, alerts


def test_n_in_a_window_alert():
    assert watched([0, 100])[1] == []
    watch, (alert,) = watched([0, 100, 200])
    pattern = pattern_of(ERROR, "ruff")
    assert alert == f.FailureAlerted(
        pattern_id=watch.id,
        version=1,
        at=later(200),
        fingerprint=pattern.fingerprint,
        agent="ruff",
        kind="exception",
        type="ValueError",
        pattern="no such thing",
        count=3,
        since=NOON,
        window_seconds=300,
        task_id=TASK,
    )
    assert watch.version == 1


def test_failures_spread_over_more_than_the_window_do_not():
    assert watched([0, 150, 300, 450, 600])[1] == []


def test_the_same_pattern_alerts_again_only_after_the_quiet_time():
    _, alerts = watched(range(0, 1200, 10))
    assert [alert.at for alert in alerts] == [later(20), later(620)]
    assert [alert.version for alert in alerts] == [1, 2]
    assert [alert.count for alert in alerts] == [3, 30]


def test_first_and_last_seen_and_the_count_are_kept():
    watch, _ = watched([0, 400, 900])
    assert (watch.first, watch.last, watch.seen) == (NOON, later(900), 3)


def test_a_failure_that_is_told_late_sets_no_clock_back():
    watch, alerts = watched([100, 50, 100])
    assert (watch.first, watch.last) == (later(50), later(100))
    assert alerts[0].since == later(50)


@given(st.lists(st.integers(0, 5000), max_size=60), st.integers(1, 6))
def test_every_alert_counts_at_least_n_within_the_window(seconds, times):
    policy = AlertPolicy(times=times, window_seconds=300, quiet_seconds=0)
    watch, alerts = watched(sorted(seconds), policy)
    assert watch.seen == len(seconds)
    for alert in alerts:
        within = [s for s in seconds if alert.at - timedelta(seconds=300) < later(s) <= alert.at]
        assert times <= alert.count <= len(within)


def test_a_burst_that_is_over_alerts_nobody():
    watch, _ = watched([0, 1])
    watch = seen(watch, Example(task_id=TASK, at=later(2), task_kind="review", message="no"))
    assert answer(watch, POLICY, at=later(299)) is not None
    assert answer(watch, POLICY, at=later(301)) is None


def test_it_keeps_the_latest_examples_and_counts_the_kinds_of_task():
    watch = new_watch(pattern_of(ERROR, "ruff"))
    for number in range(KEPT + 20):
        kind = "review" if number % 3 else "merge"
        example = Example(
            task_id=UUID(int=number), at=later(number), task_kind=kind, message=f"no {number}"
        )
        watch = seen(watch, example)
    assert [each.message for each in watch.examples] == [
        f"no {number}" for number in range(KEPT + 20 - EXAMPLES, KEPT + 20)
    ]
    assert (watch.task_kinds, watch.seen) == ({"review": 80, "merge": 40}, 120)
    assert len(watch.recent) == KEPT


def test_what_was_not_reached_is_the_transport_s_fault():
    assert blames_transport(f.Failure(kind="exception", type="ConnectError"))
    assert not blames_transport(ERROR)
    assert not blames_transport(LOST)


def test_who_is_to_blame():
    assert not blames_agent(f.Failure(kind="exception", type="Drained"))
    assert blames_agent(ERROR)
    assert blames_agent(f.Failure(kind="timeout", type="start_to_close"))
    assert blames_agent(f.Failure(kind="timeout", type="heartbeat"))
    assert blames_agent(f.Failure(kind="refused", type="Refused"))
    assert not blames_agent(LOST)
    assert not blames_agent(f.Failure(kind="timeout", type="total"))
    assert not blames_agent(f.Failure(kind="timeout", type="schedule_to_start"))


@pytest.mark.parametrize(
    "wrong", [{"times": 0}, {"times": 101}, {"window_seconds": 0}, {"quiet_seconds": -1}]
)
def test_a_policy_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        AlertPolicy(**wrong)
