"""The 95 % intervals hold the truth in 95 of 100 synthetic worlds."""

import importlib.util
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from arbiter.application.evaluation.estimators import ESTIMATORS, estimate

_spec = importlib.util.spec_from_file_location("worlds", Path(__file__).with_name("worlds.py"))
worlds = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = worlds
_spec.loader.exec_module(worlds)

SETTINGS = {
    "all rewards known": {},
    "a quarter censored": {"censored": 0.25},
    "logged by a learner": {"adaptive": True, "decisions": 1_000},
}


@cache
def judged(setting, how_many):
    found = {name: [] for name in ESTIMATORS}
    for seed in range(how_many):
        world = worlds.a_world(seed, **SETTINGS[setting])
        for name in ESTIMATORS:
            found[name].append((estimate(name, world.table, (0.0, 1.0)), world.truth))
    return found


def coverage(estimates):
    return np.mean([each.low <= truth <= each.high for each, truth in estimates])


def squared_error(estimates):
    return np.mean([(each.value - truth) ** 2 for each, truth in estimates])


@pytest.mark.parametrize("setting", ["all rewards known", "a quarter censored"])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_intervals_hold_the_truth_in_some_worlds(setting, name):
    assert 0.91 <= coverage(judged(setting, 300)[name]) <= 0.985


@pytest.mark.deep
@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_intervals_hold_the_truth_in_93_to_97_of_100_worlds(setting, name):
    assert 0.93 <= coverage(judged(setting, 1_000)[name]) <= 0.97


def test_the_doubly_robust_estimate_errs_less_than_ips():
    found = judged("all rewards known", 300)
    assert squared_error(found["doubly_robust"]) < squared_error(found["ips"])


def test_censoring_is_corrected_where_dropping_the_censored_is_not():
    biased = 0.0
    corrected = 0.0
    for seed in range(100):
        world = worlds.a_world(seed, censored=0.4)
        table = world.table
        dropped = (table.weight * table.reward).sum() / len(table.reward)
        biased += (dropped - world.truth) / 100
        corrected += (estimate("ips", table, (0.0, 1.0)).value - world.truth) / 100
    assert abs(corrected) < 0.02 < abs(biased)
