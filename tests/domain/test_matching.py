"""Who fits what is asked, and in which order."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbiter.domain.matching import AgentQuery, Offering, matches, reason, score

NOTHING: frozenset[str] = frozenset()


def offering(name="ruff", **details):
    known = {
        "languages": NOTHING,
        "specializations": NOTHING,
        "utilization": 0.0,
        "success_rate": 0.8,
    }
    return Offering(name=name, **(known | details))


def asked(**details):
    return AgentQuery(kind="review", **details)


def found(query, *offerings):
    return [match.name for match in matches(query, offerings)]


def test_what_is_not_asked_for_weighs_nothing():
    able = offering(languages=frozenset({"python"}), success_rate=0.5)
    assert score(asked(), able) == pytest.approx((0.3 + 0.2 * 0.5) / 0.5)
    assert score(asked(languages=frozenset({"python"})), able) == pytest.approx(0.7 / 0.8)


def test_a_perfect_agent_scores_one():
    able = offering(
        languages=frozenset({"python"}), specializations=frozenset({"ast"}), success_rate=1.0
    )
    query = asked(languages=frozenset({"python"}), specializations=frozenset({"ast"}))
    assert score(query, able) == pytest.approx(1.0)


def test_all_that_is_asked_is_required():
    both, one = frozenset({"python", "sql"}), frozenset({"python"})
    able = [offering("both", languages=both), offering("one", languages=one)]
    assert found(asked(languages=both), *able) == ["both"]
    assert found(asked(languages=one), *able) == ["both", "one"]
    assert found(asked(specializations=one), *able) == []


def test_limits_are_part_of_what_they_bound():
    edge = offering(utilization=0.9, success_rate=0.6)
    assert found(asked(max_utilization=0.9, min_success_rate=0.6), edge) == ["ruff"]
    assert found(asked(max_utilization=0.89), edge) == []
    assert found(asked(min_success_rate=0.61), edge) == []


def test_the_better_proven_come_first_and_equals_by_room_and_name():
    assert found(
        asked(),
        offering("b", success_rate=0.8),
        offering("a", success_rate=0.8),
        offering("z", success_rate=0.8, utilization=0.5),
        offering("best", success_rate=0.9, utilization=1.0),
    ) == ["best", "a", "b", "z"]


def test_a_match_is_told_in_words():
    query = asked(languages=frozenset({"sql", "python"}), specializations=frozenset({"ast"}))
    [match] = matches(
        query,
        [offering(languages=query.languages, specializations=query.specializations)],
    )
    assert reason(query, match) == (
        "does review, knows python, sql, is at home in ast; 80% of its attempts succeeded,"
        " 0% of its capacity is in use"
    )


rates = st.floats(0, 1) | st.sampled_from([0.29, 0.57, 0.58, 0.8, 0.805, 0.81])


@settings(max_examples=200)
@given(st.lists(st.tuples(rates, rates), min_size=1, max_size=6))
def test_the_order_does_not_depend_on_where_anybody_stood(numbers):
    able = [
        offering(f"agent-{place}", success_rate=success, utilization=used)
        for place, (success, used) in enumerate(numbers)
    ]
    ordered = found(asked(), *able)
    for shuffled in itertools.islice(itertools.permutations(able), 24):
        assert found(asked(), *shuffled) == ordered
