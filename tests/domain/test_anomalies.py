"""An anomaly is raised once, gets worse, and is resolved against what was usual when it was raised."""

from datetime import timedelta

import pytest

from arbiter.domain import facts as f
from arbiter.domain.anomalies import HOLDS, anomaly_id, answer, evolve, unknown
from arbiter.domain.trends import Point
from arbiter.testing.builders import NOON

MINUTE = timedelta(minutes=1)


def point(p95=1000.0, success=0.9, quality=None):
    return Point(begins=NOON, attempts=40, p95_ms=p95, success_rate=success, quality=quality)


USUAL = point(quality=0.9)


def of(type_):
    (found,) = [each for each in unknown("ruff", "review") if each.type == type_]
    return found


def told(anomaly, now, usual=USUAL, at=NOON):
    """The facts and the anomaly after one more look."""
    fact = answer(anomaly, now, usual, at=at)
    return fact, anomaly if fact is None else evolve(anomaly, fact)


@pytest.mark.parametrize(
    ("type_", "now", "severity"),
    [
        ("latency_spike", point(p95=2000), None),
        ("latency_spike", point(p95=2001), "high"),
        ("latency_spike", point(p95=5001), "critical"),
        ("accuracy_drop", point(quality=0.75), None),
        ("accuracy_drop", point(quality=0.74), "high"),
        ("accuracy_drop", point(quality=0.70), "high"),
        ("accuracy_drop", point(quality=0.69), "critical"),
        ("accuracy_drop", point(quality=None), None),
        ("error_rate_increase", point(success=0.80), None),
        ("error_rate_increase", point(success=0.79), "medium"),
        ("error_rate_increase", point(success=0.65), "medium"),
        ("error_rate_increase", point(success=0.64), "critical"),
    ],
)
def test_an_anomaly_is_raised_beyond_its_threshold(type_, now, severity):
    fact, after = told(of(type_), now)
    assert (fact and fact.severity) == severity
    assert after.stands == (severity is not None)


def test_what_is_raised_says_what_it_saw():
    fact, _ = told(of("latency_spike"), point(p95=3000))
    assert (fact.agent, fact.kind, fact.value, fact.usual) == ("ruff", "review", 3000, 1000)
    assert (fact.attempts, fact.window_seconds, fact.version) == (40, 300, 1)
    assert fact.anomaly_id == anomaly_id("ruff", "review", "latency_spike")


def test_without_a_baseline_nothing_is_unusual():
    assert told(of("latency_spike"), point(p95=90_000), None)[0] is None
    assert told(of("accuracy_drop"), point(quality=0.0), point(quality=None))[0] is None


def test_one_that_stands_is_not_raised_again_unless_it_gets_worse():
    _, anomaly = told(of("latency_spike"), point(p95=3000))
    assert told(anomaly, point(p95=4000))[0] is None
    worse, anomaly = told(anomaly, point(p95=6000), at=NOON + MINUTE)
    assert (worse.severity, worse.version, anomaly.raised_at) == ("critical", 2, NOON)
    assert told(anomaly, point(p95=4000))[0] is None


@pytest.mark.parametrize(
    ("type_", "bad", "not_yet", "good"),
    [
        ("latency_spike", point(p95=3000), point(p95=1201), point(p95=1200)),
        ("accuracy_drop", point(quality=0.5), point(quality=0.85), point(quality=0.86)),
        ("error_rate_increase", point(success=0.5), point(success=0.88), point(success=0.89)),
    ],
)
def test_it_is_resolved_when_it_is_as_usual_again(type_, bad, not_yet, good):
    _, anomaly = told(of(type_), bad)
    assert told(anomaly, not_yet)[0] is None
    fact, after = told(anomaly, good, at=NOON + MINUTE)
    assert isinstance(fact, f.AnomalyResolved)
    assert (fact.reason, fact.version, after.stands) == ("recovered", 2, False)
    assert (after.raised_at, after.resolved_at) == (NOON, NOON + MINUTE)


def test_a_baseline_that_got_used_to_it_does_not_resolve_it():
    _, anomaly = told(of("latency_spike"), point(p95=3000))
    used_to_it = point(p95=3000)
    assert told(anomaly, point(p95=3000), used_to_it, at=NOON + HOLDS - MINUTE)[0] is None
    fact, after = told(anomaly, point(p95=3000), used_to_it, at=NOON + HOLDS)
    assert (fact.reason, fact.usual, after.stands) == ("usual_now", 3000, False)


def test_one_that_comes_again_is_the_same():
    _, anomaly = told(of("latency_spike"), point(p95=3000))
    _, anomaly = told(anomaly, point())
    fact, anomaly = told(anomaly, point(p95=3000), at=NOON + MINUTE)
    assert (fact.version, fact.anomaly_id, anomaly.raised_at) == (3, anomaly.id, NOON + MINUTE)
    assert (anomaly.resolved_at, anomaly.reason) == (None, None)
