"""How often the 95 % intervals hold the truth, over many worlds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from arbiter.application.evaluation.estimators import ESTIMATORS, estimate
from arbiter.application.evaluation.report import Estimate
from benchmarks.coverage.worlds import World, a_routed_world, a_world

SETTINGS: Mapping[str, Callable[[int], World]] = {
    "all rewards known": a_world,
    "a quarter censored": partial(a_world, censored=0.25),
    "logged by a learner": partial(a_world, adaptive=True, decisions=1_000),
    "routed by Thompson sampling": a_routed_world,
}
RANGE = (0.0, 1.0)


@dataclass(frozen=True)
class Held:
    """What one estimator did over some worlds."""

    coverage: float
    """The share of worlds whose truth its interval holds."""
    bias: float
    error: float
    """Root mean square."""
    width: float
    """Of its intervals, on average."""


def judged(setting: str, worlds: int) -> Mapping[str, Sequence[tuple[Estimate, float]]]:
    """Each estimator's answer in each world, with the truth."""
    found: dict[str, list[tuple[Estimate, float]]] = {name: [] for name in ESTIMATORS}
    for seed in range(worlds):
        world = SETTINGS[setting](seed)
        for name in ESTIMATORS:
            found[name].append((estimate(name, world.table, RANGE), world.truth))
    return found


def held(answers: Sequence[tuple[Estimate, float]]) -> Held:
    """Sum up one estimator's answers."""
    off = np.array([each.value - truth for each, truth in answers])
    return Held(
        coverage=float(np.mean([each.low <= truth <= each.high for each, truth in answers])),
        bias=float(off.mean()),
        error=float(np.sqrt((off**2).mean())),
        width=float(np.mean([each.high - each.low for each, _ in answers])),
    )
