from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbiter.domain.retry import DEFAULT_RETRY, RetryPolicy

EVENLY = 0.5  # the chance that leaves the delay as it is
ALMOST_ONE = 1 - 2**-53


@pytest.mark.parametrize(
    ("backoff", "delays"),
    [
        ("linear", [1, 2, 3, 4]),
        ("exponential", [1, 2, 4, 8]),
        ("constant", [1, 1, 1, 1]),
    ],
)
def test_delays_grow_as_the_backoff_says(backoff, delays):
    policy = RetryPolicy(backoff=backoff)
    assert [policy.delay(attempt, EVENLY) for attempt in (1, 2, 3, 4)] == delays


def test_delays_start_where_the_policy_says():
    assert RetryPolicy(backoff="linear", initial=0.2).delay(3, EVENLY) == pytest.approx(0.6)
    assert RetryPolicy(backoff="exponential", initial=0.2).delay(3, EVENLY) == pytest.approx(0.8)


@pytest.mark.parametrize("backoff", ["linear", "exponential"])
@pytest.mark.parametrize("attempt", [31, 100, 10_000])
def test_delays_stop_growing_at_the_cap(backoff, attempt):
    assert RetryPolicy(backoff=backoff).delay(attempt, EVENLY) == 30
    assert RetryPolicy(backoff=backoff, cap=7).delay(attempt, EVENLY) == 7


def test_the_exponential_delay_meets_the_cap_at_the_sixth_attempt():
    assert [RetryPolicy().delay(attempt, EVENLY) for attempt in (5, 6)] == [16, 30]


@pytest.mark.parametrize(("chance", "share"), [(0.0, 0.5), (0.25, 0.75), (0.5, 1), (0.75, 1.25)])
def test_chance_takes_away_or_adds_up_to_half(chance, share):
    assert RetryPolicy(backoff="constant", initial=8).delay(1, chance) == 8 * share


@given(
    backoff=st.sampled_from(["linear", "exponential", "constant"]),
    attempt=st.integers(1, 1000),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_jitter_stays_within_its_bounds(backoff, attempt, chance):
    policy = RetryPolicy(backoff=backoff)
    middle = policy.delay(attempt, EVENLY)
    assert 0.5 * middle <= policy.delay(attempt, chance) <= 1.5 * middle


def test_without_jitter_chance_has_no_say():
    policy = RetryPolicy(backoff="constant", initial=8, jitter=0)
    assert {policy.delay(1, chance) for chance in (0.0, EVENLY, ALMOST_ONE)} == {8}


def test_three_attempts_with_exponential_backoff_unless_told_otherwise():
    assert RetryPolicy(max_attempts=3, backoff="exponential", initial=1, cap=30) == DEFAULT_RETRY


@pytest.mark.parametrize("response", ["retry", "fail", "hold"])
def test_a_type_of_error_has_the_response_it_was_given(response):
    assert RetryPolicy(on={"ValueError": response}).response("ValueError") == response


def test_other_types_of_error_are_tried_again():
    assert RetryPolicy(on={"ValueError": "fail"}).response("KeyError") == "retry"
