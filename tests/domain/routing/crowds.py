"""Candidates for the routing tests."""

from __future__ import annotations

from random import Random

import msgspec
from hypothesis import strategies as st

from arbiter.domain.routing import Seen

RATES = st.floats(0.0, 1.0)


def some(least: int = 1, most: int = 40) -> st.SearchStrategy[list[Seen]]:
    one = st.builds(
        Seen,
        agent=st.just(""),
        match=RATES,
        attempts=st.integers(0, 10_000),
        success_rate=RATES,
        load=RATES,
        weight=st.floats(0.0, 1000.0),
        wins=st.floats(1.0, 1e6),
        losses=st.floats(1.0, 1e6),
    )
    return st.lists(one, min_size=least, max_size=most).map(
        lambda crowd: [
            msgspec.structs.replace(each, agent=f"agent-{number:04d}")
            for number, each in enumerate(crowd)
        ]
    )


def crowd(size: int, random: Random) -> list[Seen]:
    return [
        Seen(
            agent=f"agent-{number:04d}",
            match=random.random(),
            attempts=random.randrange(100),
            success_rate=random.random(),
            load=random.random(),
            weight=random.uniform(0, 5),
            wins=1.0 + random.randrange(100),
            losses=1.0 + random.randrange(100),
        )
        for number in range(size)
    ]
