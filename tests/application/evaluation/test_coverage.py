"""The 95 % intervals hold the truth in 95 of 100 synthetic worlds."""

from functools import cache

import pytest

from arbiter.application.evaluation.estimators import ESTIMATORS, estimate
from benchmarks.coverage.measure import SETTINGS, held, judged
from benchmarks.coverage.worlds import a_world

judged = cache(judged)


@pytest.mark.parametrize("setting", ["all rewards known", "a quarter censored"])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_intervals_hold_the_truth_in_some_worlds(setting, name):
    assert 0.91 <= held(judged(setting, 300)[name]).coverage <= 0.985


@pytest.mark.deep
@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_intervals_hold_the_truth_in_93_to_97_of_100_worlds(setting, name):
    assert 0.93 <= held(judged(setting, 1_000)[name]).coverage <= 0.97


def test_the_doubly_robust_estimate_errs_less_than_ips():
    found = judged("all rewards known", 300)
    assert held(found["doubly_robust"]).error < held(found["ips"]).error


def test_what_the_router_itself_logged_is_judged_without_bias():
    found = judged("routed by Thompson sampling", 40)
    for name in ESTIMATORS:
        told = held(found[name])
        assert abs(told.bias) < 0.01
        assert told.coverage > 0.8


def test_censoring_is_corrected_where_dropping_the_censored_is_not():
    biased = 0.0
    corrected = 0.0
    for seed in range(100):
        world = a_world(seed, censored=0.4)
        table = world.table
        dropped = (table.weight * table.reward).sum() / len(table.reward)
        biased += (dropped - world.truth) / 100
        corrected += (estimate("ips", table, (0.0, 1.0)).value - world.truth) / 100
    assert abs(corrected) < 0.02 < abs(biased)
