"""Which strategy decides for which kind."""

from __future__ import annotations

import pytest

from arbiter.application.routing import OFF, RoutingPlan, Rule
from arbiter.domain.errors import InvalidInput

PLAN = RoutingPlan(
    kinds={
        "review.*": Rule("epsilon_greedy"),
        "review.security.*": Rule("weighted"),
        "review.security": Rule("least_loaded"),
        "*": Rule("capability_match"),
        "quick": Rule(OFF),
    }
)


@pytest.mark.parametrize(
    ("kind", "strategy"),
    [
        ("review.style", "epsilon_greedy"),
        ("review.security.deep", "weighted"),
        ("review.security", "least_loaded"),
        ("format", "capability_match"),
    ],
)
def test_a_kind_is_decided_by_its_name_else_by_the_longest_pattern_that_fits(kind, strategy):
    assert PLAN.of(kind).name == strategy


def test_routing_can_be_off_for_a_kind():
    assert PLAN.of("quick") is None


def test_what_nothing_is_said_of_is_decided_by_the_default():
    assert RoutingPlan().of("format").name == "thompson"
    assert RoutingPlan(default=Rule(OFF)).of("format") is None


def test_a_rule_that_cannot_be_followed_is_refused():
    with pytest.raises(InvalidInput, match="'ofF' is unknown; did you mean 'off'"):
        Rule("ofF")
    with pytest.raises(InvalidInput, match="rate: is no parameter of off"):
        Rule(OFF, {"rate": 0.1})


def test_the_floor_of_all_is_that_of_each_without_an_own_one():
    assert Rule("thompson").floored(0.2).made.floor == 0.2
    assert Rule("thompson", {"floor": 0.1}).floored(0.2).made.floor == 0.1
    assert Rule("weighted").floored(0.2) == Rule("weighted")
    assert Rule(OFF).floored(0.2) == Rule(OFF)
    assert Rule("thompson").floored(None) == Rule("thompson")
