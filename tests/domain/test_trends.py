"""Trends, outliers and baselines keep the thresholds, without the origin's defects."""

from datetime import timedelta

import pytest

from arbiter.domain.trends import Point, outliers, outlying, trend, trend_of, usual
from arbiter.testing.builders import NOON

FIVE = timedelta(minutes=5)


def point(number, p95=1000.0, success=0.9, **more):
    return Point(begins=NOON + number * FIVE, attempts=10, p95_ms=p95, success_rate=success, **more)


def test_a_trend_needs_twenty_points():
    assert trend([(x, x) for x in range(19)]) is None
    told = trend([(x, x) for x in range(20)])
    assert (told.direction, told.slope, told.confidence) == ("improving", 1, pytest.approx(1))


def test_rising_latency_is_a_decline():
    told = trend_of([point(number, p95=100 * number) for number in range(20)])
    assert told.direction == "declining"


def test_falling_cost_is_an_improvement():
    told = trend_of([point(number, cost=20.0 - number) for number in range(20)])
    assert told.direction == "improving"


def test_what_does_not_move_is_stable():
    assert trend([(x, 0.5) for x in range(20)]).direction == "stable"
    assert trend([(1, x) for x in range(20)]).direction == "stable"
    assert trend_of([]) is None


def test_an_outlier_is_three_deviations_off_among_ten():
    assert outliers([1.0] * 8 + [9.0]) == ()
    assert outliers([1.0] * 20 + [9.0]) == (20,)
    assert outliers([1.0] * 20) == ()
    points = [point(number) for number in range(20)] + [point(20, p95=60_000)]
    assert outlying(points) == (NOON + 20 * FIVE,)


def baseline(points, number):
    """The baseline's latency when the point of this number is under way."""
    told = usual(points[max(0, number - 100) : number], NOON + number * FIVE)
    return None if told is None else told.p95_ms


def test_a_baseline_is_the_median_of_twenty_refreshed_every_two_hours():
    points = [point(number, p95=float(number)) for number in range(200)]
    assert baseline(points, 19) is None
    assert baseline(points, 20) == 9.5
    assert baseline(points, 23) == 9.5
    assert {baseline(points, number) for number in range(24, 48)} == {13.5}
    assert {baseline(points, number) for number in range(48, 72)} == {37.5}
    assert baseline(points, 150) == 133.5


def test_a_baseline_follows_from_points_and_moment_alone():
    points = [point(number, p95=float(number)) for number in range(150)]
    for number in range(150):
        whole = usual(points[:number], NOON + number * FIVE)
        assert usual(points[max(0, number - 100) : number], NOON + number * FIVE) == whole


def test_points_keep_their_order():
    points = [point(number, p95=float(-number)) for number in range(30)]
    before = list(points)
    usual(points, NOON + timedelta(days=1))
    assert points == before


def test_what_is_known_of_few_points_is_not_usual():
    some = [point(number, quality=0.9 if number < 5 else None) for number in range(20)]
    assert usual(some, NOON + timedelta(days=1)).quality is None
    most = [point(number, quality=0.9 if number < 10 else None) for number in range(20)]
    assert usual(most, NOON + timedelta(days=1)).quality == 0.9
