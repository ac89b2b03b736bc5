"""What an evaluation says."""

from __future__ import annotations

import msgspec


class Estimate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A mean reward per decision with its 95 % interval, and what censoring could hide.

    `value`, `low` and `high` hold if censoring is at random given kind and chosen agent. `worst` and
    `best` assume nothing: every censored reward is the lowest, or the highest, possible (Manski
    1990, "Nonparametric bounds on treatment effects"); the three are equal where none is censored.
    """

    estimator: str
    value: float
    low: float
    high: float
    standard_error: float
    worst: float
    best: float


class Evaluation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a strategy would have earned, beside what the log did earn."""

    decisions: int
    censored: int
    effective_sample_size: float
    """How many decisions of the strategy's own the weighted log is worth."""
    mean_weight: float
    """Near 1 where the recorded propensities are true."""
    largest_weight: float
    unsupported: float
    """Share of the strategy's choices for which the log holds no reward; tolerated up to 1 %."""
    logged: Estimate
    """What the strategies that wrote the log earned."""
    ips: Estimate
    snips: Estimate
    doubly_robust: Estimate
