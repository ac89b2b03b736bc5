"""A record is the running average of all outcomes, and leans towards the latest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbiter.domain.record import FORGET, NO_RECORD, Rating, Record, followed, judged

NUMBERS = st.floats(min_value=0, max_value=1)


def after(outcomes, record=NO_RECORD):
    wins, losses = followed(record, outcomes)
    return Record(wins=wins, losses=losses)


def rated(ratings, record=NO_RECORD):
    good, bad = judged(record, ratings)
    return Record(good=good, bad=bad)


def test_before_the_first_outcome_the_start_is_optimistic():
    assert NO_RECORD.attempts == 0
    assert (NO_RECORD.success_rate, NO_RECORD.quality) == (0.8, 0.7)
    assert (NO_RECORD.latency_ms, NO_RECORD.cost) == (5000, 0)
    assert NO_RECORD.posterior() == (1, 1)


def test_the_first_outcome_replaces_what_was_believed():
    record = Record(failed=1, timed=1, latency_us=20_000)
    assert (record.success_rate, record.latency_ms) == (0, 20)


@given(st.lists(st.booleans(), max_size=50), st.integers(0, 50))
def test_outcomes_may_come_in_any_number_of_parts(outcomes, cut):
    assert after(outcomes[cut:], after(outcomes[:cut])) == after(outcomes)


@given(st.lists(st.booleans(), max_size=300))
def test_what_is_long_ago_weighs_little(outcomes):
    record = after(outcomes)
    ages = range(len(outcomes) - 1, -1, -1)
    wins = sum(FORGET**age for age, success in zip(ages, outcomes, strict=True) if success)
    losses = sum(FORGET**age for age, success in zip(ages, outcomes, strict=True) if not success)
    assert (record.wins, record.losses) == (pytest.approx(wins), pytest.approx(losses))
    assert record.wins + record.losses <= 1 / (1 - FORGET) + 1e-9


def test_an_agent_that_has_changed_is_known_again_within_hundreds_of_outcomes():
    wins, losses = after([True] * 5000 + [False] * 300).posterior()
    assert wins / (wins + losses) < 0.25


@given(st.lists(st.builds(Rating, NUMBERS, st.none() | NUMBERS), max_size=50), st.integers(0, 50))
def test_ratings_may_come_in_any_number_of_parts(ratings, cut):
    assert rated(ratings[cut:], rated(ratings[:cut])) == rated(ratings)


@given(st.lists(st.builds(Rating, NUMBERS, st.none() | NUMBERS), max_size=100))
def test_neither_good_nor_bad_ever_falls_below_nothing(ratings):
    record = rated(ratings)
    assert record.good >= 0
    assert record.bad >= 0


def test_a_correction_moves_the_balance_and_forgets_nothing():
    record = rated([Rating(0.9), Rating(0.4, before=0.9)])
    assert (record.good, record.bad) == (pytest.approx(0.4), pytest.approx(0.6))


def test_quality_leads_where_all_succeed():
    def mean_of(record):
        wins, losses = record.posterior("quality")
        return wins / (wins + losses)

    fine, poor = rated([Rating(0.9)] * 40, after([True] * 40)), None
    assert fine.wins == 0, "each is followed by itself"
    fine = Record(wins=30, losses=0, good=27, bad=3)
    poor = Record(wins=30, losses=0, good=9, bad=21)
    assert fine.posterior() == poor.posterior()
    assert mean_of(fine) > 0.75
    assert mean_of(poor) < 0.45


@given(st.floats(0, 200), st.floats(0, 200), st.floats(0, 200), st.floats(0, 200))
def test_the_posterior_of_quality_is_a_distribution_between_its_parts(wins, losses, good, bad):
    record = Record(wins=wins, losses=losses, good=good, bad=bad)
    a, b = record.posterior("quality")
    assert a > 0
    assert b > 0
    up, down = record.posterior()
    assert a / (a + b) <= up / (up + down) + 1e-9


def test_cost_has_a_say_in_the_utility_as_far_as_the_price_goes():
    def mean_of(record, price):
        wins, losses = record.posterior("utility", price=price)
        return wins / (wins + losses)

    cheap = Record(wins=30, losses=0, good=27, bad=3, priced=30, cost_e9=300_000_000)
    dear = Record(wins=30, losses=0, good=27, bad=3, priced=30, cost_e9=3_000_000_000)
    assert cheap.posterior("quality", price=2) == dear.posterior("quality", price=2)
    assert mean_of(cheap, 0) == pytest.approx(mean_of(dear, 0))
    assert cheap.posterior("utility", price=2, unpriced=9) == cheap.posterior("utility", price=2)
    assert mean_of(cheap, 2) - mean_of(dear, 2) == pytest.approx(2 * (0.1 - 0.01))


def test_until_a_cost_is_known_the_agent_s_own_word_counts():
    unpriced = Record(wins=30, losses=0, good=27, bad=3)
    known = Record(wins=30, losses=0, good=27, bad=3, priced=1, cost_e9=200_000_000)
    assert unpriced.posterior("utility", price=1, unpriced=0.2) == known.posterior(
        "utility", price=1
    )


@given(st.floats(0, 200), st.floats(0, 200), st.integers(0, 10**15), st.floats(0, 1e9))
def test_a_utility_is_as_well_known_as_the_quality_however_dear(wins, good, cost_e9, price):
    record = Record(wins=wins, good=good, priced=1, cost_e9=cost_e9)
    a, b = record.posterior("utility", price=price)
    assert min(a, b) > 0
    assert a + b == pytest.approx(sum(record.posterior("quality")))
