"""A task's line agrees with the task, without knowing the task."""

from datetime import timedelta

import pytest

from arbiter.application.ports import Recorded
from arbiter.domain import facts as f
from arbiter.projections.base import Batch, line_at, tasks_before
from arbiter.projections.task_line import LONGEST_TEXT, follow
from arbiter.testing.builders import (
    ERROR,
    LOST,
    NOON,
    a_task,
    deferred,
    rescheduled,
    resumed,
    suspended,
)
from arbiter.testing.random_log import RandomLog
from tests.projections.folding import batch_of, recorded


def line_of(life):
    return batch_of(life).lines[life.task.id]


@pytest.mark.parametrize("seed", range(20))
def test_it_agrees_with_the_task_whatever_happened(seed):
    grown = RandomLog(seed)
    facts = grown.grow(200)
    lines = Batch([Recorded(fact, at) for at, fact in enumerate(facts, 1)], {}).lines
    for task in grown.tasks.values():
        line = lines[task.id]
        assert line.status == task.status.value
        assert (line.version, line.run, line.attempts) == (task.version, task.run, task.attempt)
        assert (line.not_before, line.look_again) == (task.not_before, task.look_again)
        assert (line.priority, line.run_since) == (task.priority, task.run_since)
        assert line.ended_at == task.ended_at


def test_a_line_is_never_changed_once_made():
    life = a_task().running()
    before = line_of(life)
    told = repr(before)
    ended = life.completed()
    follow(before, ended.facts[-1], 99)
    assert repr(before) == told


def test_a_fact_of_a_task_nobody_submitted_is_refused():
    life = a_task().queued()
    with pytest.raises(LookupError, match="never submitted"):
        follow(None, life.facts[-1], 2)


def test_it_tells_why_a_task_rests():
    assert line_of(a_task().held("budget spent")).reason == "budget spent"
    assert line_of(a_task().queued().then(deferred)).reason == "nobody able"
    assert line_of(a_task().queued().then(suspended(why="wait"))).reason == "wait"
    assert line_of(a_task().queued().then(suspended(why="wait")).resumed()).reason is None
    assert line_of(a_task().held().rejected("no")).reason == "no"
    assert line_of(a_task().running()).reason is None


def test_the_agent_stays_named_after_the_end():
    line = line_of(a_task().routed_to("radon").completed())
    assert (line.agent, line.attempts) == ("radon", 1)


def test_it_keeps_the_last_error_until_the_task_is_completed():
    failing = a_task().retrying(ERROR)
    assert line_of(failing).error_message == "no such thing"
    assert line_of(failing.later(60).completed()).error_type is None


def test_a_long_error_is_cut():
    error = f.Failure(kind="exception", type="E", message="x" * 10_000)
    assert len(line_of(a_task().retrying(error)).error_message) == LONGEST_TEXT


def test_a_text_no_table_can_hold_is_written_with_a_stand_in():
    error = f.Failure(kind="exception", type="E", message="a\0b")
    assert line_of(a_task().retrying(error)).error_message == "a\ufffdb"


def test_losses_are_counted_over_all_runs():
    line = line_of(a_task().retrying(LOST).retrying(LOST).later(60).completed())
    assert line.losses == 2


def test_it_is_ready_from_the_moment_it_could_have_started():
    later = NOON + timedelta(minutes=5)
    assert line_of(a_task().queued()).ready_at == NOON
    assert line_of(a_task(not_before=later).queued()).ready_at == later
    assert line_of(a_task().queued().then(rescheduled(not_before=later))).ready_at == later
    retry = a_task().retrying()
    assert line_of(retry).ready_at == retry.task.not_before
    resumed_later = a_task().queued().then(suspended).later(7).then(resumed).gated()
    assert line_of(resumed_later).ready_at == NOON + timedelta(seconds=7)


def test_a_deferred_task_is_offered_when_it_is_looked_at_again():
    line = line_of(a_task().queued().then(deferred))
    assert line.offered_from == line.look_again == NOON + timedelta(minutes=1)


def test_the_tasks_of_a_batch_that_were_there_before_are_known_by_version():
    life = a_task().completed()
    log = recorded(life)
    assert tasks_before(log) == {}
    assert tasks_before(log[3:]) == {life.task.id: 3}


def test_a_line_can_be_told_anew_from_the_log():
    life = a_task().completed()
    anew = line_at(life.facts, 3)
    assert (anew.status, anew.version) == ("assigned", 3)
    assert line_at((), 3) is None
