"""Each formula, computed by hand."""

from __future__ import annotations

from math import log, sqrt
from random import Random

import pytest

from arbiter.domain.routing import Seen, Thompson, decide
from arbiter.domain.routing.beta import choice_probabilities
from arbiter.domain.routing.capability_match import CapabilityMatch
from arbiter.domain.routing.epsilon_greedy import EpsilonGreedy
from arbiter.domain.routing.least_loaded import LeastLoaded
from arbiter.domain.routing.reasons import confidence
from arbiter.domain.routing.weighted import Weighted

GREEDY = EpsilonGreedy()


@pytest.mark.parametrize(
    ("decisions", "epsilon"), [(0, 0.1), (1, 0.0995), (2, 0.0990025), (10**6, 0.01)]
)
def test_epsilon_decays_with_the_decisions_made(decisions, epsilon):
    assert GREEDY.epsilon(decisions) == pytest.approx(epsilon)


def test_the_upper_confidence_bound_less_a_penalty_for_load():
    new = Seen(agent="new", attempts=4, success_rate=0.8)
    known = Seen(agent="known", attempts=9, success_rate=0.5, load=0.9)
    scores = GREEDY.weigh([new, known], 99).scores
    assert scores == pytest.approx([1.8, 0.5 + 2 * sqrt(log(100) / 10) - 0.27])


def test_without_bounds_the_success_rate_decides():
    plain = EpsilonGreedy(use_ucb=False)
    assert plain.weigh([Seen(agent="a", success_rate=0.3)], 5).scores == [0.3]


def test_the_best_gets_what_is_not_explored_and_the_busy_keep_a_chance():
    crowd = [
        Seen(agent="best", success_rate=0.9),
        Seen(agent="quiet", success_rate=0.5),
        Seen(agent="busy", success_rate=0.5, load=0.5),
    ]
    best, quiet, busy = GREEDY.weigh(crowd, 0).propensities
    assert busy == pytest.approx(0.1 * 0.1 / 3)
    assert quiet == pytest.approx(busy + 0.09 / 2)
    assert best == pytest.approx(quiet + 0.9)


def test_if_all_are_busy_all_are_explored():
    crowd = [Seen(agent="a", success_rate=0.9, load=0.9), Seen(agent="b", load=0.9)]
    assert GREEDY.weigh(crowd, 0).propensities == pytest.approx([0.95, 0.05])


def test_exploring_is_known_and_told():
    crowd = [Seen(agent="a", success_rate=0.9), Seen(agent="b"), Seen(agent="c")]
    name, decision = decide(GREEDY, crowd, draw=0.99)
    assert (name, decision.explored) == ("c", True)
    assert "in order to learn" in decision.reason
    assert decision.alternatives == ("a", "b")
    name, decision = decide(GREEDY, crowd, draw=0.5)
    assert (name, decision.explored, decision.alternatives) == ("a", False, ("b", "c"))


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (Seen(agent="a"), 0.1),
        (Seen(agent="a", attempts=25, success_rate=0.5, load=0.5), 0.2 + 0.2 + 0.1),
        (Seen(agent="a", attempts=100, success_rate=1.0, load=1.0), 0.4 + 0.4 + 0.02),
    ],
)
def test_confidence(seen, expected):
    assert confidence(seen) == pytest.approx(expected)


def test_the_best_fit():
    crowd = [Seen(agent="a", match=1.0), Seen(agent="b", match=0.5, success_rate=1.0)]
    weighed = CapabilityMatch().weigh(crowd, 0)
    assert weighed.scores == pytest.approx([0.982, 0.545])
    assert weighed.propensities == pytest.approx([0.975, 0.025])


def test_the_most_idle_and_equals_share():
    crowd = [Seen(agent="a", load=0.25), Seen(agent="b", load=0.25), Seen(agent="c", load=1.0)]
    weighed = LeastLoaded().weigh(crowd, 0)
    assert weighed.scores == [0.75, 0.75, 0.0]
    assert weighed.propensities == pytest.approx([0.475 + 0.05 / 3] * 2 + [0.05 / 3])


def test_shares_by_weight():
    crowd = [Seen(agent="a", weight=3.0), Seen(agent="b", weight=0.99), Seen(agent="c", weight=0.0)]
    assert Weighted().weigh(crowd, 0).propensities == pytest.approx([0.75, 0.2475, 0.0025])


def test_load_costs_a_part_of_a_thompson_share():
    crowd = [Seen(agent="a"), Seen(agent="b", load=1.0)]
    free, used = Thompson().weigh(crowd, 0).propensities
    assert used == pytest.approx(0.01 + 0.98 * 0.7 / 1.7, abs=1e-6)
    assert free + used == pytest.approx(1)


@pytest.mark.parametrize(
    ("posteriors", "expected"),
    [
        ([(1, 1)] * 4, [0.25] * 4),
        ([(2, 1), (1, 1)], [2 / 3, 1 / 3]),
        ([(2, 1), (1, 2)], [5 / 6, 1 / 6]),
        ([(9000, 1000), (1, 1)], [0.9, 0.1]),
        ([(10**8, 1), (1, 10**8)], [1.0, 0.0]),
    ],
)
def test_the_probability_to_be_the_best_in_closed_form(posteriors, expected):
    assert choice_probabilities(posteriors) == pytest.approx(expected, abs=1e-3)


def test_the_probability_to_be_the_best_as_sampling_finds_it():
    posteriors = [(3.0, 2.0), (80.0, 30.0), (800.0, 300.0), (1.0, 1.0), (5.0, 20.0)]
    random, samples, counted = Random(3), 60_000, [0] * 5
    for _ in range(samples):
        values = [random.betavariate(*each) for each in posteriors]
        counted[values.index(max(values))] += 1
    found = [count / samples for count in counted]
    assert choice_probabilities(posteriors) == pytest.approx(found, abs=0.008)


def test_of_many_alike_each_is_the_best_equally_often():
    assert choice_probabilities([(12.0, 4.0)] * 32) == pytest.approx([1 / 32] * 32, abs=1e-9)


def test_one_sharp_among_many_wide_is_not_overlooked():
    sharp, *wide = choice_probabilities([(9_000.0, 1_000.0), *[(1.0, 1.0)] * 4])
    assert sharp == pytest.approx(0.9**4, abs=1e-3)
    assert wide == pytest.approx([(1 - 0.9**4) / 4] * 4, abs=1e-3)
