"""The parameters a strategy takes, and those it does not."""

from __future__ import annotations

import pytest

from arbiter.domain.errors import InvalidInput
from arbiter.domain.routing import STRATEGIES, Seen, Thompson, named, parameters_of


def test_a_strategy_takes_its_own_parameters_and_keeps_the_others():
    greedy = named("epsilon_greedy", {"rate": 0.5, "use_ucb": False})
    assert (greedy.rate, greedy.use_ucb, greedy.decay) == (0.5, False, 0.995)
    assert greedy.version == STRATEGIES["epsilon_greedy"].version


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        (
            "epsilon_greedy",
            ("floor", "rate", "decay", "few", "constant", "load_penalty", "use_ucb"),
        ),
        ("thompson", ("floor", "load_penalty")),
        ("capability_match", ("floor",)),
        ("least_loaded", ("floor",)),
        ("weighted", ()),
    ],
)
def test_what_can_be_set(name, parameters):
    assert parameters_of(STRATEGIES[name]) == parameters


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("thompson", {"flor": 0.1}, "flor: is no parameter of thompson; did you mean 'floor'"),
        (
            "thompson",
            {"rate": 0.1},
            "rate: is no parameter of thompson; one of floor, load_penalty",
        ),
        ("weighted", {"floor": 0.1}, "floor: is no parameter of weighted; it takes none"),
        ("thompson", {"name": "mine"}, "name: is no parameter of thompson"),
        ("epsilon_greedy", {"rate": 1.5}, r"rate: expected `float` <= 1\.0"),
        ("epsilon_greedy", {"rate": "much"}, "rate: expected `float`, got `str`"),
        ("thompson", {"floor": 0}, r"floor: expected `float` >= 0\.0001"),
    ],
)
def test_a_parameter_that_cannot_be_meant_is_refused(name, parameters, said):
    with pytest.raises(InvalidInput, match=said):
        named(name, parameters)


def test_where_no_probability_is_known_all_are_alike():
    crowd = [Seen(agent="a", wins=9.0), Seen(agent="b")]
    unknown = Thompson(probabilities=lambda posteriors: [0.0] * len(posteriors))
    assert unknown.weigh(crowd, 0).propensities == pytest.approx([0.5, 0.5])
