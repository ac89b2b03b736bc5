"""Trends, outliers, baselines and anomalies keep the thresholds, without the origin's defects."""

import pytest

from arbiter.projections.trends import Baseline, Point, anomalies, noted, outliers, trend

USUAL = Point(p95_ms=1000, success_rate=0.9)


def test_a_trend_needs_twenty_points():
    assert trend([(x, x) for x in range(19)]) is None
    told = trend([(x, x) for x in range(20)])
    assert (told.direction, told.slope, told.confidence) == ("improving", 1, pytest.approx(1))


def test_rising_latency_is_a_decline():
    points = [Point(p95_ms=100 * hour, success_rate=1) for hour in range(20)]
    assert trend([(h, p.worth) for h, p in enumerate(points)]).direction == "declining"


def test_what_does_not_move_is_stable():
    assert trend([(x, 0.5) for x in range(20)]).direction == "stable"
    assert trend([(1, x) for x in range(20)]).direction == "stable"


def test_an_outlier_is_three_deviations_off_among_ten():
    assert outliers([1.0] * 8 + [9.0]) == ()
    assert outliers([1.0] * 20 + [9.0]) == (20,)
    assert outliers([1.0] * 20) == ()


def test_a_baseline_is_the_median_of_the_newest_refreshed_now_and_then():
    baseline = Baseline()
    for number in range(1, 131):
        baseline = noted(baseline, Point(p95_ms=number, success_rate=0.5))
        expected = {19: None, 20: 10.5, 23: 10.5, 24: 14.5, 47: 14.5, 48: 38.5}
        if number in expected:
            assert (baseline.usual and baseline.usual.p95_ms) == expected[number]
    assert [p.p95_ms for p in baseline.points] == list(range(31, 131))


@pytest.mark.parametrize(
    ("p95", "standing", "told"),
    [
        (2000, (), {}),
        (2001, (), {"latency_spike": "high"}),
        (5001, (), {"latency_spike": "critical"}),
        (1500, ("latency_spike",), {"latency_spike": "high"}),
        (1200, ("latency_spike",), {}),
    ],
)
def test_a_latency_spike_stands_until_it_is_over(p95, standing, told):
    now = Point(p95_ms=p95, success_rate=0.9)
    assert anomalies(now, USUAL, frozenset(standing)) == told


def test_a_drop_of_success_is_told():
    now = Point(p95_ms=1000, success_rate=0.65)
    assert anomalies(now, USUAL)["accuracy_drop"] == "critical"
    better = Point(p95_ms=1000, success_rate=0.89)
    standing = frozenset({"accuracy_drop", "error_rate_increase"})
    assert anomalies(better, USUAL, standing) == {}
