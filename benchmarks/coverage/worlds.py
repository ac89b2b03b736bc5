"""Synthetic worlds whose truth is known: a log as columns, and what another strategy is really worth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

import numpy as np

from arbiter.application.evaluation.logged import LoggedCandidate, LoggedDecision
from arbiter.application.evaluation.policies import policy_of
from arbiter.application.evaluation.table import Column, Table, table
from arbiter.domain.facts.parts import Seen
from arbiter.domain.routing import Strategy, Thompson, decide, named
from arbiter.domain.routing.beta import choice_probabilities

LEVELS = 3
CONTEXTS = 12
SLOTS = 4
LEARNING = 0.7
"""How often the learner takes the best it knows; the rest is its floor."""


@dataclass(frozen=True)
class World:
    """A log, and the mean reward of the other strategy."""

    table: Table
    truth: float


def a_world(
    seed: int, *, decisions: int = 1_500, censored: float = 0.0, adaptive: bool = False
) -> World:
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


def _learning(
    chance: np.random.Generator, kind: Column, level: Column, means: Column
) -> tuple[Column, Column, Column]:
    """An epsilon-greedy strategy that learns as it logs, with a floor of 30 %."""
    decisions, agents = len(kind), means.shape[2]
    wins = [[1.0] * agents for _ in means]
    tries = [[2.0] * agents for _ in means]
    p = np.full((decisions, agents), (1.0 - LEARNING) / agents)
    draws, luck = chance.random(decisions).tolist(), chance.random(decisions).tolist()
    chances = means[kind, level].tolist()
    chosen, reward = np.empty(decisions, dtype=int), np.empty(decisions)
    for i, k in enumerate(kind.tolist()):
        won, tried = wins[k], tries[k]
        best = max(range(agents), key=lambda a, won=won, tried=tried: won[a] / tried[a])  # type: ignore[misc]
        p[i, best] += LEARNING
        explores = draws[i] >= LEARNING
        a = int((draws[i] - LEARNING) / (1.0 - LEARNING) * agents) if explores else best
        chosen[i] = a
        reward[i] = earned = luck[i] < chances[i][a]
        won[a] += earned
        tried[a] += 1
    return p, chosen, reward


def a_routed_world(seed: int, *, decisions: int = 1_000) -> World:
    """Thompson sampling routes, least load is judged: both as the router itself has them.

    A context is the load of every agent; the fuller an agent, the worse it does.
    """
    random = Random(seed)
    names = [f"agent-{number}" for number in range(random.randint(2, 5))]
    contexts = [_context(random, names) for _ in range(CONTEXTS)]
    skills = {name: random.uniform(0.4, 0.9) for name in names}
    logger = Thompson(floor=0.3, probabilities=cache(choice_probabilities))
    judged = named("least_loaded")
    log = [_routed(random, logger, random.choice(contexts), skills) for _ in range(decisions)]
    truth = 0.0
    for context in contexts:
        would = judged.weigh(context, 0).propensities
        truth += sum(
            p * _success(each, skills) for each, p in zip(context, would, strict=True)
        ) / len(contexts)
    return World(table(log, policy_of(judged), (0.0, 1.0)), truth)


def _context(random: Random, names: list[str]) -> list[Seen]:
    return [
        Seen(
            agent=name,
            wins=random.uniform(1, 12),
            losses=random.uniform(1, 12),
            load=random.randint(0, SLOTS - 1) / SLOTS,
        )
        for name in names
    ]


def _success(seen: Seen, skills: dict[str, float]) -> float:
    return skills[seen.agent] * (1.0 - 0.5 * seen.load)


def _routed(
    random: Random, logger: Strategy, context: list[Seen], skills: dict[str, float]
) -> LoggedDecision:
    chosen, made = decide(logger, context, draw=random.random())
    [seen] = [each for each in context if each.agent == chosen]
    return LoggedDecision(
        kind="review",
        candidates=tuple(
            LoggedCandidate(agent=each.agent, propensity=each.propensity, features=each.features)
            for each in made.candidates
        ),
        chosen=chosen,
        reward=float(random.random() < _success(seen, skills)),
    )
