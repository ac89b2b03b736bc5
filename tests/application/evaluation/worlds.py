"""Synthetic worlds whose truth is known: a log as columns, and the value of another strategy."""

from dataclasses import dataclass

import numpy as np

from arbiter.application.evaluation.table import Table

LEVELS = 3


@dataclass(frozen=True)
class World:
    table: Table
    truth: float


def a_world(seed, *, decisions=1_500, censored=0.0, adaptive=False):
    """Kinds and a hidden-from-the-model level of difficulty sway propensities and rewards alike."""
    chance = np.random.default_rng(seed)
    agents, kinds = int(chance.integers(2, 6)), int(chance.integers(1, 4))
    means = chance.uniform(0.15, 0.85, (kinds, LEVELS, agents))
    floor = 0.3 / agents
    logging = floor + 0.7 * chance.dirichlet(np.ones(agents), (kinds, LEVELS))
    target = 0.05 / agents + 0.95 * chance.dirichlet(np.ones(agents), (kinds, LEVELS))
    odds = chance.dirichlet(np.full(kinds * LEVELS, 4.0))
    context = chance.choice(kinds * LEVELS, decisions, p=odds)
    kind, level = np.divmod(context, LEVELS)
    if adaptive:
        p, chosen, reward = _learning(chance, kind, level, means)
    else:
        p = logging[kind, level]
        chosen = np.minimum(
            (chance.random((decisions, 1)) > p.cumsum(axis=1)).sum(axis=1), agents - 1
        )
        reward = (chance.random(decisions) < means[kind, level, chosen]).astype(float)
    seen = (
        chance.random(decisions)
        >= censored * chance.uniform(0.3, 1.7, (kinds, agents))[kind, chosen]
    )
    row = np.repeat(np.arange(decisions), agents)
    laid_out = Table(
        cells=[(f"agent-{a}", f"kind-{k}") for k in range(kinds) for a in range(agents)],
        row=row,
        cell=kind[row] * agents + np.tile(np.arange(agents), decisions),
        logged=p.ravel(),
        target=target[kind, level].ravel(),
        chosen=np.arange(decisions) * agents + chosen,
        kind=kind,
        reward=np.where(seen, reward, 0.0),
        seen=seen,
    )
    truth = (odds.reshape(kinds, LEVELS) * (target * means).sum(axis=2)).sum()
    return World(laid_out, float(truth))


def _learning(chance, kind, level, means):
    """An epsilon-greedy strategy that learns as it logs, with a floor of 30 %."""
    decisions, agents = len(kind), means.shape[2]
    wins = [[1.0] * agents for _ in means]
    tries = [[2.0] * agents for _ in means]
    p = np.full((decisions, agents), 0.3 / agents)
    draws, luck = chance.random(decisions).tolist(), chance.random(decisions).tolist()
    chances = means[kind, level].tolist()
    chosen, reward = np.empty(decisions, dtype=int), np.empty(decisions)
    for i, k in enumerate(kind.tolist()):
        won, tried = wins[k], tries[k]
        best = max(range(agents), key=lambda a, won=won, tried=tried: won[a] / tried[a])
        p[i, best] += 0.7
        chosen[i] = a = best if draws[i] < 0.7 else int((draws[i] - 0.7) / 0.3 * agents)
        reward[i] = earned = luck[i] < chances[i][a]
        won[a] += earned
        tried[a] += 1
    return p, chosen, reward
