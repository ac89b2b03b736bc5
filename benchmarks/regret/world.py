"""A world of agents whose success drifts: everything in it comes from one seed.

An agent's chance of success at a kind is a logistic curve over its skill. Skill wanders (an
Ornstein-Uhlenbeck walk around where it began) and, at random moments, is drawn anew, as when a model is
exchanged. Tasks arrive evenly; service times are lognormal. A task's luck is its own: two strategies that
choose the same agent for it see the same end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, sqrt
from random import Random

STEP = 50
"""Tasks between two moves of the skills."""


@dataclass(frozen=True, kw_only=True)
class Drift:
    """How skills move; 0 means never."""

    wander: float = 0.0
    """Standard deviation of a skill around where it began, in logits."""
    memory: int = 10_000
    """Tasks after which a wandering skill has forgotten (1/e) where it was."""
    renewed: int = 0
    """Mean tasks between two moments in which one skill is drawn anew."""


DRIFTS: Mapping[str, Drift] = {
    "steady": Drift(),
    "drifting": Drift(wander=0.8, renewed=25_000),
    "restless": Drift(wander=0.8, memory=3_000, renewed=8_000),
}


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One task: when it comes, what kind it is, and its luck."""

    at: float
    kind: int
    luck: float
    """It succeeds if this is below its agent's chance."""
    effort: float
    """What multiplies its agent's time."""
    draw: float
    """What decides its routing."""


@dataclass(frozen=True)
class World:
    """Who could do what, how well and when, and what comes in."""

    arrivals: Sequence[Arrival]
    chances: Sequence[Sequence[Sequence[float]]]
    """By step, kind and agent."""
    seconds: Sequence[float]
    """Of each agent: its usual time for a task."""
    slots: int = 8

    @property
    def agents(self) -> int:
        """How many there are."""
        return len(self.seconds)

    @property
    def kinds(self) -> int:
        """How many there are."""
        return len(self.chances[0])

    def chance(self, number: int, agent: int) -> float:
        """The probability that an agent succeeds at the task of this number."""
        return self.chances[number // STEP][self.arrivals[number].kind][agent]


def a_world(
    seed: int, drift: Drift, *, tasks: int = 50_000, agents: int = 20, kinds: int = 5
) -> World:
    """Draw a world; equal arguments give equal worlds.

    Worlds of one seed share their tasks and where skills begin, whatever the drift.
    """
    chance, moves = Random(f"{seed} tasks"), Random(f"{seed} moves")
    general = [chance.gauss(0.0, 0.5) for _ in range(agents)]
    homes = [[0.8 + each + chance.gauss(0.0, 0.9) for each in general] for _ in range(kinds)]
    seconds = [chance.uniform(0.5, 2.0) for _ in range(agents)]
    arrivals = [
        Arrival(
            at=number / 20.0,
            kind=chance.randrange(kinds),
            luck=chance.random(),
            effort=chance.lognormvariate(0.0, 0.4),
            draw=chance.random(),
        )
        for number in range(tasks)
    ]
    return World(arrivals, _paths(homes, drift, moves, -(-tasks // STEP)), seconds)


def _paths(
    homes: list[list[float]], drift: Drift, moves: Random, steps: int
) -> list[list[list[float]]]:
    """The chances at every step, each skill on its own walk."""
    kept = exp(-STEP / drift.memory)
    shock = drift.wander * sqrt(1.0 - kept * kept)
    renewed = STEP / drift.renewed if drift.renewed else 0.0
    away = [[0.0] * len(row) for row in homes]
    homes = [[*row] for row in homes]
    paths = []
    for _ in range(steps):
        paths.append(
            [
                [_logistic(home + off) for home, off in zip(row, offs, strict=True)]
                for row, offs in zip(homes, away, strict=True)
            ]
        )
        for row, offs in zip(homes, away, strict=True):
            for agent in range(len(row)):
                offs[agent] = offs[agent] * kept + moves.gauss(0.0, 1.0) * shock
                if moves.random() < renewed:
                    row[agent], offs[agent] = 0.8 + moves.gauss(0.0, 1.0), 0.0
    return paths


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + exp(-x))
