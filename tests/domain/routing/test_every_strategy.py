"""What every strategy promises."""

from __future__ import annotations

from functools import lru_cache
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbiter.domain.errors import InvalidInput
from arbiter.domain.facts import Decision
from arbiter.domain.routing import STRATEGIES, Thompson, decide, named, replay
from arbiter.domain.routing.beta import choice_probabilities
from arbiter.domain.routing.draw import shortlist
from arbiter.domain.routing.reasons import told
from tests.domain.routing.crowds import crowd, some

EVERY = [
    *(each for name, each in STRATEGIES.items() if name != "thompson"),
    Thompson(probabilities=lru_cache(choice_probabilities)),
]
every_strategy = pytest.mark.parametrize("strategy", EVERY, ids=lambda each: each.name)
DRAWS = st.floats(0.0, 1.0, exclude_max=True)


@every_strategy
@given(candidates=some(), draw=DRAWS, decisions=st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_propensities_are_positive_sum_to_one_and_replay(strategy, candidates, draw, decisions):
    name, decision = decide(strategy, candidates, draw=draw, decisions=decisions)
    assert all(each.propensity > 0 for each in decision.candidates)
    assert sum(each.propensity for each in decision.candidates) == pytest.approx(1, abs=1e-9)
    assert len(decision.candidates) <= 32
    assert replay(decision) == name


@every_strategy
def test_the_stored_decision_replays_ten_thousand_times(strategy):
    random = Random(7)
    crowds = [crowd(size, random) for size in (1, 2, 3, 5, 8, 20, 32)]
    read = msgspec.json.Decoder(Decision).decode
    for number in range(10_000):
        name, decision = decide(
            strategy, crowds[number % len(crowds)], draw=random.random(), decisions=number
        )
        assert replay(read(msgspec.json.encode(decision))) == name


@every_strategy
def test_of_a_thousand_at_most_32_are_recorded_and_it_replays(strategy):
    random = Random(8)
    many = crowd(1000, random)
    for _ in range(50):
        name, decision = decide(strategy, many, draw=random.random())
        assert len(decision.candidates) == 32
        assert decision.shortlist_of == 1000
        assert sum(each.propensity for each in decision.candidates) == pytest.approx(1, abs=1e-9)
        assert replay(decision) == name


@every_strategy
def test_nobody_of_a_crowd_starves(strategy):
    """Even steps of the draw take everybody as often as the recorded probabilities say."""
    many = crowd(40, Random(9))
    steps = 40_000
    counted = dict.fromkeys((each.agent for each in many), 0)
    recorded: dict[str, float] = {}
    for step in range(steps):
        name, decision = decide(strategy, many, draw=(step + 0.5) / steps, decisions=1000)
        counted[name] += 1
        recorded |= {each.agent: each.propensity * each.shortlisted for each in decision.candidates}
    assert set(recorded) == set(counted)
    assert sum(recorded.values()) == pytest.approx(1, abs=1e-9)
    for agent, times in counted.items():
        assert times > 0
        assert times / steps == pytest.approx(recorded[agent], abs=2 / steps)


@every_strategy
def test_everyone_outside_the_core_may_be_the_guest(strategy):
    many = crowd(100, Random(10))
    drawn = [shortlist(strategy, many, step / 20_000) for step in range(20_000)]
    guests = {each.guest.agent: each.shortlisted for each in drawn}
    assert len(guests) == 100 - 31
    assert sum(guests.values()) == pytest.approx(1, abs=1e-9)


@every_strategy
def test_an_only_candidate_is_taken_with_certainty(strategy):
    name, decision = decide(strategy, crowd(1, Random(1)), draw=0.999)
    assert (name, decision.candidates[0].propensity) == ("agent-0000", pytest.approx(1))
    assert decision.reason == "only agent-0000 is able and free"
    assert decision.alternatives == ()


@every_strategy
def test_a_decision_is_told_with_every_candidate(strategy):
    _, decision = decide(strategy, crowd(33, Random(1)), draw=0.5)
    lines = told(decision)
    assert decision.reason in lines[0]
    assert len(lines) == 34
    assert lines[-1].startswith("32 of 33 recorded; the draw was 0.5")


def test_an_unknown_strategy_is_refused_with_those_there_are():
    with pytest.raises(
        InvalidInput, match="strategy: 'best' is unknown; one of epsilon_greedy, thompson"
    ):
        named("best")


def test_an_unknown_strategy_is_refused_with_what_may_have_been_meant():
    with pytest.raises(InvalidInput, match="'tompson' is unknown; did you mean 'thompson'"):
        named("tompson")
