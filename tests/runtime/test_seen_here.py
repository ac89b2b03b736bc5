"""What a worker has seen of its own agents counts as it would in the log, and at once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbiter.domain import breaker as b
from arbiter.domain import facts as f
from arbiter.domain.breaker import Policy, State
from arbiter.runtime.seen_here import SeenHere
from arbiter.testing.builders import NOON

POLICY = Policy(failures=3, successes=2)
NAMES = ("far", "transport:https://host")


@pytest.fixture
def seen():
    seen = SeenHere(POLICY)
    seen.rung, seen.closed = [], []
    seen.news = lambda: seen.rung.append(1)
    seen.shut = seen.closed.append
    return seen


def end(seen, number, success, *, reached=True, names=("ruff",)):
    at = NOON + timedelta(seconds=number)
    seen.ended(names, UUID(int=number), success=success, reached=reached, at=at)


def half_open(name="ruff"):
    opened = b.evolve(b.new_breaker(name), b.force_open(b.new_breaker(name), at=NOON, until=NOON))
    return {name: b.evolve(opened, b.answer(opened, POLICY, at=NOON))}


def test_failures_in_a_row_shut_the_gate_and_ring_at_once(seen):
    for number in (1, 2):
        end(seen, number, success=False)
    assert (seen.rung, seen.closed) == ([], [])
    end(seen, 3, success=False)
    assert (seen.rung, seen.closed) == ([1], ["ruff"])
    assert len(seen.adopt({})["ruff"].failures) == 3


def test_a_success_forgives_and_what_says_nothing_counts_for_nothing(seen):
    for number, success in enumerate((False, False, None, True, False, False), 1):
        end(seen, number, success)
    assert (seen.rung, len(seen.adopt({})["ruff"].failures)) == ([], 2)


def test_an_agent_that_never_fails_is_not_remembered(seen):
    for number in range(10):
        end(seen, number, success=True)
    assert seen.adopt({}) == {}


def test_the_host_counts_for_itself(seen):
    end(seen, 1, success=False, reached=True, names=NAMES)
    end(seen, 2, success=False, reached=False, names=NAMES)
    counted = seen.adopt({})
    assert [len(counted[name].failures) for name in NAMES] == [2, 1]


def test_what_was_seen_before_a_breaker_moved_is_forgotten(seen):
    for number in (1, 2):
        end(seen, number, success=False)
    assert seen.adopt(half_open()) == {}
    end(seen, 3, success=False)
    assert seen.adopt(half_open()) == {}  # it was no probe


def test_a_probe_rings_when_it_ends(seen):
    stands = half_open()
    seen.adopt(stands)
    seen.began(("ruff",), UUID(int=1))
    end(seen, 1, success=True)
    assert (seen.rung, seen.closed) == ([1], [])
    assert seen.adopt(stands)["ruff"].successes == 1
    seen.began(("ruff",), UUID(int=2))
    end(seen, 2, success=False)
    assert (seen.rung, seen.closed) == ([1, 1], ["ruff"])
    fact = b.answer(seen.adopt(stands)["ruff"], POLICY, at=NOON)
    assert isinstance(fact, f.BreakerOpened)
    assert fact.version == stands["ruff"].version + 1


@given(st.lists(st.sampled_from([True, False, None]), max_size=20))
def test_one_worker_sees_what_the_log_tells(ends):
    seen, told = SeenHere(POLICY), b.new_breaker("ruff")
    for number, success in enumerate(ends):
        end(seen, number, success)
        at = NOON + timedelta(seconds=number)
        told = b.ended(told, UUID(int=number), success=success, at=at)
    assert seen.adopt({}).get("ruff", b.new_breaker("ruff")) == told
    assert told.state is State.CLOSED
