"""Judge a strategy by the log of others; refuse where the log cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from arbiter.application.evaluation.estimators import effective_sample_size, estimate
from arbiter.application.evaluation.logged import LoggedDecision, Policy
from arbiter.application.evaluation.report import Evaluation
from arbiter.application.evaluation.support import NoSupport
from arbiter.application.evaluation.table import EXACT, Table, table
from arbiter.domain.errors import InvalidInput

FEWEST_EFFECTIVE = 50.0
TOLERATED = 0.01


def evaluate(
    decisions: Sequence[LoggedDecision],
    policy: Policy,
    *,
    reward_range: tuple[float, float] = (0.0, 1.0),
) -> Evaluation:
    """Estimate the mean reward per decision that a strategy would have earned.

    Raises InvalidInput for a log or a strategy that breaks a rule, and NoSupport where the log is
    silent about choices the strategy would make.
    """
    if not decisions:
        raise InvalidInput("decisions", "the log holds none", "widen the time span")
    return judged(table(decisions, policy, reward_range), reward_range)


def judged(laid_out: Table, reward_range: tuple[float, float]) -> Evaluation:
    """Judge what is already laid out as columns."""
    require_propensities(laid_out)
    unsupported = require_rewards(laid_out)
    effective = require_overlap(laid_out)
    weight = laid_out.weight
    as_logged = replace(laid_out, target=laid_out.logged)
    return Evaluation(
        decisions=len(laid_out.reward),
        censored=int((~laid_out.seen).sum()),
        effective_sample_size=effective,
        mean_weight=float(weight.mean()),
        largest_weight=float(weight.max()),
        unsupported=unsupported,
        logged=estimate("ips", as_logged, reward_range),
        ips=estimate("ips", laid_out, reward_range),
        snips=estimate("snips", laid_out, reward_range),
        doubly_robust=estimate("doubly_robust", laid_out, reward_range),
    )


def require_propensities(laid_out: Table) -> None:
    """Refuse a strategy that would choose what the logging one never could."""
    mass = np.where(laid_out.logged > 0, 0.0, laid_out.target)
    if mass.max() > EXACT:
        lost = np.bincount(laid_out.cell, mass, minlength=len(laid_out.cells))
        worst = int(lost.argmax())
        here = int(((laid_out.cell == worst) & (mass > EXACT)).sum())
        raise NoSupport(
            *laid_out.cells[worst],
            f"its propensity is 0 in {here} decisions where the strategy might choose it,"
            " so the log cannot tell what it would have earned",
        )


def require_rewards(laid_out: Table) -> float:
    """Refuse where over 1 % of the strategy's choices are of agents without a reward; the share."""
    size = len(laid_out.cells)
    mass = np.bincount(laid_out.cell, laid_out.target, minlength=size) / len(laid_out.reward)
    tries = np.bincount(laid_out.chosen_cell, minlength=size)
    known = np.bincount(laid_out.chosen_cell, laid_out.seen, minlength=size)
    silent = np.where(known > 0, 0.0, mass)
    unsupported = float(silent.sum())
    if unsupported > TOLERATED:
        worst = int(silent.argmax())
        why = (
            f"all its {tries[worst]} decisions are of unknown worth: cancelled, timed out, or never rated"
            if tries[worst]
            else "it was never chosen"
        )
        raise NoSupport(
            *laid_out.cells[worst],
            f"{why}, and the strategy gives it {mass[worst]:.1%} of all decisions",
        )
    return unsupported


def require_overlap(laid_out: Table) -> float:
    """Refuse where fewer than 50 effective decisions are left; how many there are."""
    effective = effective_sample_size(laid_out)
    if effective < FEWEST_EFFECTIVE:
        squares = np.bincount(
            laid_out.chosen_cell, laid_out.weight**2, minlength=len(laid_out.cells)
        )
        raise NoSupport(
            *laid_out.cells[int(squares.argmax())],
            f"the log is worth {effective:.1f} decisions of this strategy, and {FEWEST_EFFECTIVE:.0f}"
            " are needed; this agent's rare choices weigh most",
        )
    return effective
