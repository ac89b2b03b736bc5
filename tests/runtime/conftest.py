"""Arbiters on a real database, stopped after the test, with the truth looked at in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from arbiter import Arbiter, connect
from tests.support.soundness import assert_sound
from tests.support.workbench import Workbench

Connect = Callable[..., Arbiter]
OF_TESTS = {"poll_seconds": 600, "breaker_failures": 100}


@pytest.fixture
def connected(database) -> Iterator[Connect]:
    """Makes Arbiters that never find anything by polling; their agents may fail as a test wants."""
    made: list[Arbiter] = []

    def connected(**settings: Any) -> Arbiter:
        arbiter = connect(dsn=database.dsn, **{**OF_TESTS, **settings})
        made.append(arbiter)
        return arbiter

    yield connected
    for arbiter in made:
        arbiter.stop(drain=0)
    assert_sound(database.dsn)


@pytest.fixture
def arbiter(connected: Connect) -> Arbiter:
    return connected()


@pytest.fixture
def bench() -> Iterator[Workbench]:
    bench = Workbench()
    yield bench
    bench.open()
