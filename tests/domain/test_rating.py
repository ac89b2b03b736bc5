"""A result is as good as its judges say, and as its handler says until one of them has spoken."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbiter.domain.errors import InvalidInput, NothingToRate
from arbiter.domain.rating import evolve, outcome_id, rate, remember, result_of
from arbiter.testing.builders import NOON, a_task, completed

LATER = NOON + timedelta(hours=1)
DONE = a_task().running().then(completed(quality=0.9))


def said(rated, *words):
    for judge, quality in words:
        rated = evolve(rated, rate(rated, quality, judge, at=LATER))
    return rated


def test_a_judge_s_word_replaces_the_handler_s_own():
    fact = rate(result_of(DONE.task), 0.5, "ann", at=LATER, why="half of it was noise")
    assert (fact.counts, fact.before, fact.quality) == (0.5, 0.9, 0.5)
    assert (fact.task_id, fact.attempt, fact.agent) == (DONE.task.id, 1, "ruff")
    assert (fact.ended_at, fact.at, fact.version) == (NOON, LATER, 1)


def test_several_judges_count_alike():
    rated = said(result_of(DONE.task), ("ann", 0.5))
    fact = rate(rated, 1.0, "bob", at=LATER)
    assert (fact.counts, fact.before, fact.version) == (0.75, 0.5, 2)


def test_a_judge_may_take_back_a_word():
    rated = said(result_of(DONE.task), ("ann", 0.5), ("bob", 1.0), ("ann", 0.0))
    assert rated.quality == 0.5


def test_nothing_was_said_of_a_result_without_a_word():
    rated = result_of(a_task().completed().task)
    assert rated.quality is None
    assert rate(rated, 0.5, "ann", at=LATER).before is None


@pytest.mark.parametrize(
    "life", [a_task().queued(), a_task().running(), a_task().failed(), a_task().cancelled()]
)
def test_only_a_completed_task_can_be_rated(life):
    with pytest.raises(NothingToRate, match=str(life.task.id)):
        result_of(life.task)


@pytest.mark.parametrize("quality", [-0.1, 1.1, float("nan"), float("inf")])
def test_quality_is_a_number_from_0_to_1(quality):
    with pytest.raises(InvalidInput, match="quality"):
        rate(result_of(DONE.task), quality, "ann", at=LATER)


def test_what_is_said_of_one_attempt_is_one_stream():
    assert outcome_id(DONE.task.id, 1) != outcome_id(DONE.task.id, 2)
    assert result_of(DONE.task).id == outcome_id(DONE.task.id, 1)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), max_size=12))
def test_what_counts_leads_from_fact_to_fact(words):
    rated, facts = result_of(DONE.task), []
    for judge, quality in words:
        facts.append(rate(rated, quality, judge, at=LATER))
        assert facts[-1].before == (facts[-2].counts if len(facts) > 1 else 0.9)
        rated = evolve(rated, facts[-1])
    assert remember(result_of(DONE.task), facts) == rated
