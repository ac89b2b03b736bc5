"""A frozen clock moves when it is told to."""

from datetime import timedelta

import pytest

from arbiter.testing.builders import NOON
from arbiter.testing.clock import FrozenClock


def test_it_stands_still():
    clock = FrozenClock()
    assert clock.now() == clock.now() == NOON
    assert clock.monotonic() == 0.0


def test_it_goes_on_when_told():
    clock = FrozenClock()
    assert clock.advance(90.5) == clock.now() == NOON + timedelta(seconds=90.5)
    assert clock.monotonic() == 90.5


def test_small_steps_add_up():
    clock = FrozenClock()
    for _ in range(10_000):
        clock.advance(0.0001)
    assert clock.now() == NOON + timedelta(seconds=1)


def test_it_never_goes_back():
    with pytest.raises(ValueError, match="seconds: -1"):
        FrozenClock().advance(-1)
