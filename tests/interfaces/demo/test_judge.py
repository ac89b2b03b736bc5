"""Whoever found something is rated by what its rival finds in the same file."""

from types import SimpleNamespace
from uuid import uuid4

import pytest

from arbiter import Event
from arbiter.application.payloads import to_blob
from arbiter.domain.facts import TaskCompleted
from arbiter.interfaces.demo.cpu import CpuClock
from arbiter.interfaces.demo.judge import Judge
from arbiter.interfaces.demo.reviewers import REVIEWERS
from arbiter.testing.builders import NOON


@pytest.fixture
def told():
    return []


@pytest.fixture
def judge(told):
    return Judge(lambda task_id, quality, **said: told.append((task_id, quality, said)))


def completed(name, file):
    answer = REVIEWERS[name].answer(str(file), CpuClock())
    fact = TaskCompleted(
        task_id=uuid4(), version=5, at=NOON, result=to_blob(answer, "result", 10**6)
    )
    return Event(topic=fact.topic, at=NOON, task_id=fact.task_id, fact=fact)


def test_a_review_that_found_something_is_rated_by_its_rival(judge, told, tmp_path):
    file = tmp_path / "reviewed.py"
    file.write_text("import subprocess\nassert 1\n")
    event = completed("bandit", file)  # heard before the judge was told whose tasks these are
    judge.hear(event)
    judge.judge([event.task_id])
    judge.finish()
    said = {"by": "ruff-S", "why": "1 of 2 findings confirmed"}
    assert told == [(event.task_id, 0.5, said)]
    assert judge.ratings == 1


def test_who_found_nothing_who_has_no_rival_and_who_is_not_ours_is_not_rated(judge, told, tmp_path):
    plain, bad = tmp_path / "plain.py", tmp_path / "bad.py"
    plain.write_text("x = 1\n")
    bad.write_text("import os\nassert 1\n")
    events = [completed("radon", plain), completed("ruff", bad)]
    stranger = completed("bandit", bad)
    judge.judge([event.task_id for event in events])
    for event in (*events, stranger, SimpleNamespace(fact=None)):
        judge.hear(event)
    judge.finish()
    assert told == []


def test_a_file_that_has_gone_is_left_out(judge, told, tmp_path):
    gone, here = tmp_path / "gone.py", tmp_path / "here.py"
    for file in (gone, here):
        file.write_text("assert 1\n")
    events = [completed("bandit", gone), completed("bandit", here)]
    gone.unlink()
    judge.judge([event.task_id for event in events])
    for event in events:
        judge.hear(event)
    judge.finish()
    assert [rating[:2] for rating in told] == [(events[1].task_id, 1.0)]


def test_what_keeps_it_from_rating_is_raised_at_the_end(tmp_path):
    def refuse(*_, **__):
        raise RuntimeError("no")

    file = tmp_path / "bad.py"
    file.write_text("assert 1\n")
    event, judge = completed("bandit", file), Judge(refuse)
    judge.judge([event.task_id])
    judge.hear(event)
    with pytest.raises(RuntimeError, match="no"):
        judge.finish()


def test_what_is_heard_twice_is_rated_once(judge, told, tmp_path):
    file = tmp_path / "reviewed.py"
    file.write_text("assert 1\n")
    event = completed("bandit", file)
    judge.judge([event.task_id])
    judge.hear(event)
    judge.take(event.fact)
    judge.finish()
    assert len(told) == judge.ratings == 1
