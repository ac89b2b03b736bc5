"""The router that goes by what was learnt."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from arbiter.application.ports import Learnt
from arbiter.application.routing import OFF, Known, Learned, RoutingPlan, Rule, beliefs
from arbiter.domain.record import Record, followed
from arbiter.domain.routing import STRATEGIES, replay
from arbiter.testing.builders import a_task

KIND = "review"
NAMES = ("ann", "bob", "cat")
EVERY = pytest.mark.parametrize("strategy", STRATEGIES)


class Agent(NamedTuple):
    """As the roster shows one."""

    name: str
    busy: int = 0
    slots: int = 10


def record(completed: int, failed: int) -> Record:
    wins, losses = followed(Record(), [True] * completed + [False] * failed)
    return Record(
        routed=completed + failed, completed=completed, failed=failed, wins=wins, losses=losses
    )


LEARNT = Learnt(
    position=4000,
    records={("ann", KIND): record(90, 10), ("bob", KIND): record(40, 60)},
    decisions={KIND: 200},
)


def router(strategy: str = "thompson", learnt: Learnt = LEARNT, **plan) -> Learned:
    made = Learned(RoutingPlan(default=Rule(strategy), **plan), iter(range(10**9)).__next__)
    whole = beliefs(made.plan, {KIND: NAMES}, {"cat": Known(cost=0.5, weight=2.0)}, learnt)
    made.believe({kind: belief.prepared() for kind, belief in whole.items()})
    return made


def task(kind: str = KIND):
    return a_task(kind=kind).queued().task


def test_the_decision_tells_what_was_known_and_at_which_position():
    _, decision = router().choose(task(), [Agent("ann"), Agent("bob", busy=6)], 0.5)
    assert (decision.known_at, decision.decisions, decision.draw) == (4000, 200, 0.5)
    ann, bob = (each.features for each in decision.candidates)
    known = LEARNT.records["ann", KIND]
    assert (ann.attempts, ann.success_rate, ann.load) == (100, 0.9, 0.0)
    assert (ann.wins, ann.losses) == pytest.approx(known.posterior(), abs=1e-6)
    assert (bob.attempts, bob.load) == (100, 0.6)
    assert decision.took_ms == 1000.0  # the stopwatch of this test goes on by one at each look


def test_an_agent_without_a_record_is_taken_for_what_one_is_at_first():
    _, decision = router().choose(task(), [Agent("ann"), Agent("cat")], 0.5)
    cat = decision.candidates[1].features
    assert (cat.attempts, cat.success_rate, cat.quality, cat.latency_ms) == (0, 0.8, 0.7, 5000.0)
    assert (cat.wins, cat.losses) == (1.0, 1.0)
    assert (cat.cost, cat.weight) == (0.5, 2.0)


def test_the_dearer_of_two_equals_is_chosen_less_where_utility_is_the_reward():
    equal = Record(wins=30.0, good=27.0, bad=3.0)
    dear = replace(equal, priced=30, cost_e9=9_000_000_000)
    learnt = Learnt(
        position=9, records={("ann", KIND): equal, ("bob", KIND): dear}, decisions={KIND: 60}
    )

    def propensities(**plan):
        _, decision = router(learnt=learnt, **plan).choose(
            task(), [Agent("ann"), Agent("bob")], 0.5
        )
        return [each.propensity for each in decision.candidates]

    assert propensities(reward="quality") == pytest.approx([0.5, 0.5])
    assert propensities(reward="utility", price=0.0) == pytest.approx([0.5, 0.5])
    ann, bob = propensities(reward="utility", price=1.0)
    assert ann > 0.9 > bob >= 0.01


def test_a_cost_that_is_not_known_yet_is_what_the_profile_says():
    _, decision = router(reward="utility", price=0.5).choose(
        task(), [Agent("ann"), Agent("cat")], 0.5
    )
    cat = decision.candidates[1]
    assert cat.score == pytest.approx(0.5 * 0.7 - 0.5 * 0.5, abs=1e-6)


def test_weights_of_the_settings_go_before_those_of_a_profile():
    agents = [Agent("ann"), Agent("cat")]
    _, decision = router("weighted", weights={"cat": 3.0}).choose(task(), agents, 0.5)
    assert [each.propensity for each in decision.candidates] == pytest.approx([0.25, 0.75])


def test_thompson_gives_the_better_one_more_and_everybody_something():
    _, decision = router().choose(task(), [Agent(name) for name in NAMES], 0.5)
    ann, bob, cat = (each.propensity for each in decision.candidates)
    assert ann > 0.8
    assert cat > bob > 0.006


def test_quality_counts_where_it_is_the_reward():
    rated = {
        ("ann", KIND): Record(completed=50, wins=50.0, good=5.0, bad=45.0),
        ("bob", KIND): Record(completed=50, wins=50.0, good=45.0, bad=5.0),
    }
    learnt = Learnt(position=1, records=rated, decisions={})
    agents = [Agent("ann"), Agent("bob")]
    for reward, expected in (("success", 0.5), ("quality", 0.99), ("utility", 0.99)):
        _, decision = router(learnt=learnt, reward=reward).choose(task(), agents, 0.5)
        assert decision.candidates[1].propensity == pytest.approx(expected, abs=1e-6)


def test_cost_counts_by_its_price_where_utility_is_the_reward():
    dear = {
        (name, KIND): Record(
            completed=50, wins=50.0, good=35.0, priced=50, cost_e9=cost * 50 * 10**9
        )
        for name, cost in (("ann", 2), ("bob", 0))
    }
    learnt = Learnt(position=1, records=dear, decisions={})
    agents = [Agent("ann"), Agent("bob")]
    for price, least in ((0.0, 0.49), (0.2, 0.95)):
        made = router(learnt=learnt, reward="utility", price=price)
        _, decision = made.choose(task(), agents, 0.5)
        assert decision.candidates[1].propensity > least


def test_an_only_candidate_is_taken_without_looking_and_the_decision_kept():
    learned = router()
    name, decision = learned.choose(task(), [Agent("bob")], 0.7)
    assert (name, decision.strategy, decision.draw, decision.known_at) == (
        "bob",
        "thompson",
        None,
        None,
    )
    assert learned.choose(task(), [Agent("bob", busy=9)], 0.1)[1] is decision


def test_off_goes_by_free_slots_alone():
    agents = [Agent("ann", busy=9), Agent("bob", busy=1)]
    name, decision = router(OFF).choose(task(), agents, 0.5)
    assert (name, decision.strategy) == ("bob", "most_free_slots")


def test_a_kind_of_which_nothing_is_known_is_decided_all_the_same():
    name, decision = router().choose(task("other"), [Agent("ann"), Agent("bob")], 0.9)
    assert (name, decision.known_at, decision.decisions) == ("bob", None, 0)
    assert [each.propensity for each in decision.candidates] == pytest.approx([0.5, 0.5])


@EVERY
def test_ten_thousand_decisions_replay_from_their_draw(strategy):
    random, learned, work = Random(11), router(strategy), task()
    for _ in range(10_000):
        agents = [Agent(name, busy=random.randrange(10)) for name in NAMES]
        name, decision = learned.choose(work, agents, random.random())
        assert replay(decision) == name
        assert sum(each.propensity for each in decision.candidates) == pytest.approx(1, abs=1e-9)


@EVERY
@given(
    outcomes=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=2, max_size=60),
    draw=st.floats(0.0, 1.0, exclude_max=True),
)
@settings(max_examples=25, deadline=None)
def test_whatever_was_learnt_nobody_is_left_out(strategy, outcomes, draw):
    names = [f"agent-{number:02}" for number in range(len(outcomes))]
    records = {(name, KIND): record(*told) for name, told in zip(names, outcomes, strict=True)}
    made = Learned(RoutingPlan(default=Rule(strategy)), float)
    learnt = Learnt(position=1, records=records, decisions={KIND: 1})
    whole = beliefs(made.plan, {KIND: names}, {}, learnt)
    made.believe({kind: belief.prepared() for kind, belief in whole.items()})
    name, decision = made.choose(task(), [Agent(each) for each in names], draw)
    assert len(decision.candidates) == min(32, len(names))
    assert all(each.propensity > 0 and each.shortlisted > 0 for each in decision.candidates)
    assert sum(each.propensity for each in decision.candidates) == pytest.approx(1, abs=1e-9)
    assert replay(decision) == name


def test_choice_probabilities_are_computed_only_when_posteriors_change():
    plan = RoutingPlan()
    first = beliefs(plan, {KIND: NAMES}, {}, LEARNT)[KIND].prepared()
    moved = Learnt(position=4100, records=LEARNT.records, decisions={KIND: 300})
    again = beliefs(plan, {KIND: NAMES}, {}, moved)[KIND].prepared(first)
    assert again.strategy.probabilities is first.strategy.probabilities
    assert (again.known_at, again.decisions) == (4100, 300)
    other = Learnt(position=4200, records={("ann", KIND): record(1, 9)}, decisions={KIND: 310})
    changed = beliefs(plan, {KIND: NAMES}, {}, other)[KIND].prepared(again)
    assert changed.strategy.probabilities is not first.strategy.probabilities
