"""A breaker opens on failures, lets a bounded number of probes through, and closes when they succeed."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbiter.domain import breaker as b
from arbiter.domain import facts as f
from arbiter.domain.breaker import Policy, State
from arbiter.domain.errors import BreakerUnchanged
from arbiter.testing.builders import NOON

POLICY = Policy(failures=3, window_seconds=60, open_seconds=30, probes=2, successes=2)
NEW = b.new_breaker("ruff")


def later(seconds):
    return NOON + timedelta(seconds=seconds)


def attempt(number):
    return UUID(int=number)


def ended(breaker, success, at, number=0):
    """Count one end, and let the breaker answer it."""
    breaker = b.ended(breaker, attempt(number), success=success, at=at)
    fact = b.answer(breaker, POLICY, at=at)
    return (breaker, None) if fact is None else (b.evolve(breaker, fact), fact)


def failing(breaker, times, at=NOON):
    fact = None
    for _ in range(times):
        breaker, fact = ended(breaker, success=False, at=at)
    return breaker, fact


def opened():
    return failing(NEW, 3)[0]


def half_open():
    return b.evolve(opened(), b.answer(opened(), POLICY, at=later(30)))


def test_failures_in_a_row_open_it_for_the_open_time():
    assert failing(NEW, 2)[0].state is State.CLOSED
    breaker, fact = failing(NEW, 3)
    assert fact == f.BreakerOpened(
        breaker_id=NEW.id,
        agent="ruff",
        version=1,
        at=NOON,
        until=later(30),
        failures=3,
        why="3 failures in a row",
    )
    assert (breaker.state, b.room(breaker)) == (State.OPEN, 0)


def test_a_success_forgives_the_failures_before_it():
    breaker, _ = ended(failing(NEW, 2)[0], success=True, at=NOON)
    assert failing(breaker, 2)[0].state is State.CLOSED


def test_failures_further_apart_than_the_window_do_not_add_up():
    breaker = NEW
    for minute in range(10):
        breaker, fact = ended(breaker, success=False, at=later(60 * minute))
        assert fact is None
    breaker, _ = ended(breaker, success=False, at=later(541))
    assert ended(breaker, success=False, at=later(542))[0].state is State.OPEN


def test_an_end_that_says_nothing_of_the_agent_counts_for_nothing():
    breaker, _ = failing(NEW, 2)
    assert ended(breaker, success=None, at=NOON) == (breaker, None)


def test_it_half_opens_when_the_open_time_is_over():
    assert b.answer(opened(), POLICY, at=later(29.999)) is None
    assert isinstance(b.answer(opened(), POLICY, at=later(30)), f.BreakerHalfOpened)
    assert (half_open().state, b.room(half_open())) == (State.HALF_OPEN, 2)


def test_what_began_before_it_opened_is_no_probe():
    assert ended(opened(), success=True, at=later(1)) == (opened(), None)
    for success in (True, False):
        assert ended(half_open(), success, later(31), number=99) == (half_open(), None)


def test_only_so_many_probes_are_under_way():
    breaker = b.routed(b.routed(half_open(), attempt(1)), attempt(2))
    assert b.room(breaker) == 0
    assert b.room(b.routed(breaker, attempt(3))) == 0
    breaker, _ = ended(breaker, success=None, at=later(31), number=1)
    assert (b.room(breaker), breaker.successes) == (1, 0)


def test_successful_probes_close_it():
    breaker, fact = half_open(), None
    for number in (1, 2):
        assert fact is None
        breaker = b.routed(breaker, attempt(number))
        breaker, fact = ended(breaker, success=True, at=later(31), number=number)
    assert (type(fact), fact.successes) == (f.BreakerClosed, 2)
    assert (breaker.state, b.room(breaker), breaker.failures) == (State.CLOSED, None, ())


def test_one_failing_probe_opens_it_again():
    breaker = b.routed(b.routed(half_open(), attempt(1)), attempt(2))
    breaker, _ = ended(breaker, success=True, at=later(31), number=1)
    breaker, fact = ended(breaker, success=False, at=later(32), number=2)
    assert isinstance(fact, f.BreakerOpened)
    assert (breaker.state, breaker.until, breaker.successes) == (State.OPEN, later(62), 0)


def test_an_operator_opens_it_until_an_operator_closes_it():
    breaker = b.evolve(NEW, b.force_open(NEW, at=NOON, by="ann", why="maintenance"))
    assert (breaker.state, breaker.until) == (State.OPEN, None)
    assert b.answer(breaker, POLICY, at=later(10**6)) is None
    closed = b.evolve(breaker, b.force_close(breaker, at=later(1), by="ann"))
    assert closed.state is State.CLOSED


def test_a_reset_forgets_failures_in_any_state():
    for breaker in (failing(NEW, 2)[0], opened(), half_open()):
        told = b.evolve(breaker, b.reset(breaker, at=later(31), by="ann"))
        assert (told.failures, told.state) == ((), State.CLOSED)


def test_what_would_change_nothing_is_refused():
    for refused in (b.force_close, b.reset):
        with pytest.raises(BreakerUnchanged, match="ruff is closed"):
            refused(NEW, at=NOON)
    forced = b.evolve(NEW, b.force_open(NEW, at=NOON))
    with pytest.raises(BreakerUnchanged, match="ruff is open"):
        b.force_open(forced, at=later(1))


@pytest.mark.parametrize(
    "wrong",
    [{"failures": 0}, {"probes": 0}, {"successes": 0}, {"open_seconds": 0}, {"window_seconds": 0}],
)
def test_a_policy_that_could_never_move_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Policy(**wrong)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["routed", True, False, None]), st.integers(0, 6), st.integers(0, 40)
        )
    )
)
def test_whatever_happens_probes_stay_bounded_and_its_facts_tell_its_state(happened):
    breaker, facts, at = NEW, [], NOON
    for what, number, seconds in happened:
        at += timedelta(seconds=seconds)
        if what != "routed":
            breaker = b.ended(breaker, attempt(number), success=what, at=at)
        elif b.room(breaker) != 0:
            breaker = b.routed(breaker, attempt(number))
        fact = b.answer(breaker, POLICY, at=at)
        if fact is not None:
            facts.append(fact)
            breaker = b.evolve(breaker, fact)
        assert len(breaker.probes) <= POLICY.probes
        assert b.answer(breaker, POLICY, at=at) is None
    told = NEW
    for fact in facts:
        told = b.evolve(told, fact)
    assert (told.state, told.until, told.version) == (breaker.state, breaker.until, len(facts))
