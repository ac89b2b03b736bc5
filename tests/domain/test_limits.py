from __future__ import annotations

from datetime import timedelta

import pytest

from arbiter.domain.limits import NO_LIMITS, Limits, earliest
from arbiter.testing.builders import NOON

LATER = NOON + timedelta(seconds=1)
ALL = Limits(schedule_to_start=1, start_to_close=2, total=3, heartbeat=4)


def test_unless_told_otherwise_nothing_is_limited():
    assert Limits() == NO_LIMITS
    assert {getattr(NO_LIMITS, name) for name in Limits.__struct_fields__} == {None}


def test_limits_are_completed_where_they_say_nothing():
    assert NO_LIMITS.completed_by(ALL) == ALL
    assert ALL.completed_by(Limits(total=99, heartbeat=99)) == ALL
    assert Limits(total=9).completed_by(ALL) == Limits(
        schedule_to_start=1, start_to_close=2, total=9, heartbeat=4
    )


def test_no_time_at_all_is_a_limit_too():
    assert Limits(total=0).completed_by(ALL).total == 0


@pytest.mark.parametrize(
    ("moments", "first"),
    [((), None), ((None, None), None), ((LATER, None), LATER), ((LATER, NOON, None), NOON)],
)
def test_the_earliest_leaves_out_what_never_comes(moments, first):
    assert earliest(*moments) == first
