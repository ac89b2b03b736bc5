"""The runs that are compared, and what is kept of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

import msgspec

from arbiter.domain.record import FORGET
from arbiter.domain.routing import STRATEGIES
from benchmarks.regret.play import Played, play, play_oracle, play_uniform
from benchmarks.regret.world import DRIFTS, World, a_world

FACTORS = (0.95, 0.98, 0.99, 0.995, 0.998, 1.0)
POINTS = 100
"""Points of a curve that are kept."""
UNIFORM, ORACLE = "uniform", "oracle"
WITHOUT_LEARNING = {UNIFORM: play_uniform, ORACLE: play_oracle}
LEARNER = "thompson"


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy against one world."""

    seed: int
    drift: str
    strategy: str
    forget: float
    regret: float
    load: float
    curve: Sequence[float]
    """The regret after every hundredth of the tasks."""


def runs(seeds: Sequence[int], tasks: int, drifts: Sequence[str] = tuple(DRIFTS)) -> Iterator[Run]:
    """Play every strategy, and Thompson sampling with every forget factor, in every world."""
    for seed in seeds:
        for drift in drifts:
            world = a_world(seed, DRIFTS[drift], tasks=tasks)
            for strategy, forget in planned():
                played = _play(world, strategy, forget)
                yield Run(
                    seed=seed,
                    drift=drift,
                    strategy=strategy,
                    forget=forget,
                    regret=round(played.total, 3),
                    load=round(played.load, 4),
                    curve=thinned(played.regret),
                )


def planned() -> list[tuple[str, float]]:
    """Each strategy with the factor of the library, then the one that forgets with the other factors."""
    others = [(LEARNER, factor) for factor in FACTORS if factor != FORGET]
    return [(name, FORGET) for name in (*WITHOUT_LEARNING, *STRATEGIES)] + others


def mean_regret(found: Sequence[Run]) -> Mapping[tuple[str, str, float], float]:
    """By drift, strategy and factor: the mean over the seeds."""
    by: dict[tuple[str, str, float], list[float]] = {}
    for run in found:
        by.setdefault((run.drift, run.strategy, run.forget), []).append(run.regret)
    return {key: fmean(values) for key, values in by.items()}


def thinned(regret: Sequence[float]) -> list[float]:
    """The values at the ends of a hundred equal stretches."""
    ends = [len(regret) * point // POINTS - 1 for point in range(1, POINTS + 1)]
    return [round(regret[max(end, 0)], 2) for end in ends]


def _play(world: World, strategy: str, forget: float) -> Played:
    if strategy in WITHOUT_LEARNING:
        return WITHOUT_LEARNING[strategy](world)
    return play(world, STRATEGIES[strategy], forget=forget)
