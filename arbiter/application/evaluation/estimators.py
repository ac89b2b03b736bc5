"""Three estimators of what a strategy would have earned, as sums of independent terms.

Each gives a value and, per decision, its influence on that value; the standard error is the root
mean square of the influences over sqrt(n), and the interval is normal: value ± 1.96 errors.

Censoring. A cancelled or timed-out decision has no reward. Assumption: given its kind and the chosen
agent, whether a reward is seen says nothing about the reward. Seen rewards are then weighted by
1 / G, the share seen of that agent and kind (Robins, Rotnitzky & Zhao 1994, "Estimation of
regression coefficients when some regressors are not always observed"). G is estimated from the same
log; the influence is freed of its part along the score of G (section 6 there), else intervals would
be too wide. A time-out that betrays a bad result breaks the assumption: `worst` and `best` tell how
much that could matter.

The terms are independent if decisions are. Where the logging strategy learned while it logged, they
are martingale differences for IPS, and the interval holds once propensities settle above a floor
(Hadad et al. 2021, "Confidence intervals for policy evaluation in adaptive experiments").
All judge single decisions: how a choice changes the load that later decisions meet is not estimated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from statistics import NormalDist
from typing import TypeAlias

import numpy as np

from arbiter.application.evaluation.report import Estimate
from arbiter.application.evaluation.table import Column, Table

TWO_SIDED_95 = NormalDist().inv_cdf(0.975)
FOLDS = 5
PRIOR_WORTH = 2.0
"""How many rewards the mean of a kind is worth in the reward model of one agent."""

Influenced: TypeAlias = tuple[float, Column]
Estimator: TypeAlias = Callable[[Table], Influenced]


def ips(table: Table) -> Influenced:
    """Inverse propensity scoring: the mean of w r, with w = target / logged; unbiased.

    Horvitz & Thompson 1952; for strategies Precup, Sutton & Singh 2000.
    """
    share = seen_share(table)
    terms = table.weight * table.reward / share
    value = float(terms.mean())
    return value, _freed(table, terms, share) - value


def snips(table: Table) -> Influenced:
    """Self-normalised IPS: sum of w r over sum of w; a bias of 1/n, often far less variance.

    Swaminathan & Joachims 2015, "The self-normalized estimator for counterfactual learning"; the
    error is that of a ratio by the delta method (Owen, Monte Carlo theory, section 9.2).
    """
    share = seen_share(table)
    weight = table.weight * table.seen / share
    value = float((weight * table.reward).sum() / weight.sum())
    return value, _freed(table, weight * (table.reward - value), share) / float(weight.mean())


def doubly_robust(table: Table) -> Influenced:
    """The reward model's value, corrected by IPS of its errors: right if either is right.

    Dudik, Langford & Li 2011, "Doubly robust policy evaluation and learning"; the model of a decision
    never saw that decision: cross-fitting, Chernozhukov et al. 2018, "Double/debiased machine
    learning", definition 3.2 (here by pooling the folds).
    """
    share = seen_share(table)
    model = _reward_model(table)
    expected = np.bincount(table.row, table.target * model, minlength=len(table.reward))
    error = (table.reward - model[table.chosen]) * table.seen
    correction = table.weight * error / share
    value = float((expected + correction).mean())
    return value, expected + _freed(table, correction, share) - value


ESTIMATORS: dict[str, Estimator] = {
    "ips": ips,
    "snips": snips,
    "doubly_robust": doubly_robust,
}


def estimate(name: str, table: Table, reward_range: tuple[float, float]) -> Estimate:
    """One estimator's value with its interval, and its bounds without the censoring assumption."""
    estimator = ESTIMATORS[name]
    value, influence = estimator(table)
    error = float(np.sqrt((influence**2).sum() / max(len(influence) - 1, 1) / len(influence)))
    worst, best = (_had_all_been(each, estimator, table, value) for each in reward_range)
    return Estimate(
        estimator=name,
        value=value,
        low=value - TWO_SIDED_95 * error,
        high=value + TWO_SIDED_95 * error,
        standard_error=error,
        worst=worst,
        best=best,
    )


def effective_sample_size(table: Table) -> float:
    """(sum w)² / sum w² over the seen rewards (Kong 1992, "A note on importance sampling")."""
    weight = table.weight * table.seen / seen_share(table)
    squares = float((weight**2).sum())
    return float(weight.sum()) ** 2 / squares if squares else 0.0


def seen_share(table: Table) -> Column:
    """Of each decision: the share of its agent's and kind's rewards that are known; 1 if none is."""
    cell, size = table.chosen_cell, len(table.cells)
    seen = np.bincount(cell, table.seen, minlength=size)
    share = seen / np.maximum(np.bincount(cell, minlength=size), 1)
    return np.where(share > 0, share, 1.0)[cell]


def _freed(table: Table, terms: Column, share: Column) -> Column:
    """Terms without what they owe to the estimated share: minus E[term | cell] (seen - G) / G."""
    cell, size = table.chosen_cell, len(table.cells)
    mean = np.bincount(cell, terms, minlength=size) / np.maximum(
        np.bincount(cell, minlength=size), 1
    )
    return np.asarray(terms - mean[cell] * (table.seen - share) / share)


def _reward_model(table: Table) -> Column:
    """Of each entry: the mean reward of its agent and kind in the other folds, drawn to the kind's.

    A decision's fold is its place among those of its kind, modulo 5: it hangs on nothing chosen.
    """
    size, cell = len(table.cells), table.chosen_cell
    fold = _fold(table)
    slot = fold * size + cell
    total = np.bincount(slot, table.reward * table.seen, minlength=FOLDS * size)
    count = np.bincount(slot, table.seen, minlength=FOLDS * size)
    total, count = total.reshape(FOLDS, size), count.reshape(FOLDS, size)
    total, count = total.sum(axis=0) - total, count.sum(axis=0) - count
    kind_of = np.zeros(size, dtype=np.intp)
    kind_of[table.cell] = table.kind[table.row]
    kinds = np.eye(int(table.kind.max()) + 1)[kind_of]
    overall = total.sum(axis=1, keepdims=True) / np.maximum(count.sum(axis=1, keepdims=True), 1)
    prior = (total @ kinds + overall) / (count @ kinds + 1)
    fitted = (total + PRIOR_WORTH * prior[:, kind_of]) / (count + PRIOR_WORTH)
    return np.asarray(fitted[fold[table.row], table.cell])


def _fold(table: Table) -> Column:
    order = np.argsort(table.kind, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    first = np.concatenate(([0], np.cumsum(np.bincount(table.kind))))
    return np.asarray((place - first[table.kind]) % FOLDS)


def _had_all_been(reward: float, estimator: Estimator, table: Table, value: float) -> float:
    if table.seen.all():
        return value
    filled = np.where(table.seen, table.reward, reward)
    return estimator(replace(table, reward=filled, seen=np.ones_like(table.seen)))[0]
