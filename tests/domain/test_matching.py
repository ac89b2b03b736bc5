"""Who fits what is asked, and in which order."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.matching import AgentQuery, Figures, Offering, fitting, matches, reason, score

NOTHING: frozenset[str] = frozenset()


def offering(name="ruff", **details):
    known = {
        "status": AgentStatus.AVAILABLE,
        "languages": NOTHING,
        "specializations": NOTHING,
    }
    return Offering(name=name, **(known | details))


def asked(**details):
    return AgentQuery(kind="review", **details)


def found(query, *offerings, limit=100, **figures):
    able = fitting(query, offerings)
    return [match.name for match in matches(query, able, Figures(**figures), limit)]


def test_what_is_not_asked_for_weighs_nothing():
    able = offering(languages=frozenset({"python"}))
    assert score(asked(), able, 0.5) == pytest.approx((0.3 + 0.2 * 0.5) / 0.5)
    assert score(asked(languages=frozenset({"python"})), able, 0.5) == pytest.approx(0.7 / 0.8)


def test_a_perfect_agent_scores_one():
    able = offering(languages=frozenset({"python"}), specializations=frozenset({"ast"}))
    query = asked(languages=frozenset({"python"}), specializations=frozenset({"ast"}))
    assert score(query, able, 1.0) == pytest.approx(1.0)


def test_all_that_is_asked_is_required():
    both, one = frozenset({"python", "sql"}), frozenset({"python"})
    able = [offering("both", languages=both), offering("one", languages=one)]
    assert found(asked(languages=both), *able) == ["both"]
    assert found(asked(languages=one), *able) == ["both", "one"]
    assert found(asked(specializations=one), *able) == []


def test_a_status_that_is_not_asked_for_does_not_fit():
    able = [offering("busy", status=AgentStatus.BUSY), offering("off", status=AgentStatus.OFFLINE)]
    assert found(asked(), *able) == ["busy"]
    assert found(asked(statuses=frozenset({AgentStatus.OFFLINE})), *able) == ["off"]


def test_limits_are_part_of_what_they_bound():
    figures = {"utilization": {"ruff": 0.9}, "success_rate": {"ruff": 0.6}}
    bounds = asked(max_utilization=0.9, min_success_rate=0.6)
    assert found(bounds, offering(), **figures) == ["ruff"]
    assert found(asked(max_utilization=0.89), offering(), **figures) == []
    assert found(asked(min_success_rate=0.61), offering(), **figures) == []


def test_who_is_unknown_has_no_room_and_an_optimistic_start():
    [match] = matches(asked(), [offering()], Figures(), 1)
    assert (match.utilization, match.success_rate) == (1.0, 0.8)


def test_who_is_live_may_be_asked_for_or_who_is_not():
    able = [offering("a"), offering("b")]
    assert found(asked(live=True), *able, live={"a"}) == ["a"]
    assert found(asked(live=False), *able, live={"a"}) == ["b"]


def test_the_better_proven_come_first_and_equals_by_room_and_name():
    able = [offering(name) for name in ("b", "a", "z", "best")]
    figures = {"utilization": {"a": 0.0, "b": 0.0, "z": 0.5}, "success_rate": {"best": 0.9}}
    assert found(asked(), *able, **figures) == ["best", "a", "b", "z"]
    assert found(asked(), *able, limit=2, **figures) == ["best", "a"]


def test_a_match_is_told_in_words():
    query = asked(languages=frozenset({"sql", "python"}), specializations=frozenset({"ast"}))
    able = offering(languages=query.languages, specializations=query.specializations)
    [match] = matches(query, [able], Figures(utilization={"ruff": 0.0}), 1)
    assert reason(query, match) == (
        "does review, knows python, sql, is at home in ast; 80% of its attempts succeeded,"
        " 0% of its capacity is in use"
    )


rates = st.floats(0, 1) | st.sampled_from([0.29, 0.57, 0.58, 0.8, 0.805, 0.81])


@settings(max_examples=200)
@given(st.lists(st.tuples(rates, rates), min_size=1, max_size=6), st.integers(1, 6))
def test_the_order_depends_neither_on_where_anybody_stood_nor_on_the_limit(numbers, limit):
    able = [offering(f"agent-{place}") for place in range(len(numbers))]
    figures = {
        "success_rate": {f"agent-{place}": each for place, (each, _) in enumerate(numbers)},
        "utilization": {f"agent-{place}": each for place, (_, each) in enumerate(numbers)},
    }
    ordered = found(asked(), *able, **figures)
    for shuffled in itertools.islice(itertools.permutations(able), 24):
        assert found(asked(), *shuffled, limit=limit, **figures) == ordered[:limit]
