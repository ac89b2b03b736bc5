"""Epsilon-greedy over upper confidence bounds: the seed system's formulas, its defects mended.

- epsilon_t = max(floor, 0.1 x 0.995^N), N = decisions so far, told by the caller (once a counter in memory).
- score = success_rate + 1 below 5 outcomes, else success_rate + 2 x sqrt(ln(N + 1) / (n + 1));
  minus 0.3 x load (the penalty was configured and never used). Equals share the best place.
- Exploring is uniform among agents with load < 0.5, or among all if there is none; a tenth of it is uniform
  among all in any case, so that a busy agent keeps a chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, sqrt

import msgspec

from arbiter.domain.facts.parts import Seen
from arbiter.domain.routing.strategy import LOAD_PENALTY, Amount, Count, Floor, Share, Weighed

QUIET = 0.5
FOR_ALL = 0.1


class EpsilonGreedy(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Takes the best by upper confidence bound with 1 - epsilon, else explores."""

    name: str = "epsilon_greedy"
    version: int = 1
    seeks_best: bool = True
    outside: float = 0.1
    floor: Floor = 0.01
    rate: Share = 0.1
    decay: Share = 0.995
    few: Count = 5
    """Below this many outcomes an agent is tried first."""
    constant: Amount = 2.0
    load_penalty: Share = LOAD_PENALTY
    use_ucb: bool = True

    def epsilon(self, decisions: int) -> float:
        """The probability of exploring after this many decisions."""
        return max(self.floor, self.rate * self.decay**decisions)

    def ranks(self, candidates: Sequence[Seen]) -> list[float]:
        few, penalty = self.few, self.load_penalty
        return [
            each.success_rate + (each.attempts < few) - penalty * each.load for each in candidates
        ]

    def masses(self, candidates: Sequence[Seen]) -> list[float] | None:  # noqa: ARG002 - all alike
        return None

    def weigh(self, candidates: Sequence[Seen], decisions: int) -> Weighed:
        scores = self._scores(candidates, decisions)
        epsilon = self.epsilon(decisions)
        best = max(scores)
        top = (1.0 - epsilon) / scores.count(best)
        quiet = sum(1 for each in candidates if each.load < QUIET)
        below = QUIET if quiet else float("inf")
        floor = epsilon * FOR_ALL / len(candidates)
        tried = epsilon * (1.0 - FOR_ALL) / (quiet or len(candidates))
        return Weighed(
            scores,
            [
                floor + (tried if each.load < below else 0.0) + (top if score == best else 0.0)
                for each, score in zip(candidates, scores, strict=True)
            ],
        )

    def _scores(self, candidates: Sequence[Seen], decisions: int) -> list[float]:
        if not self.use_ucb:
            return [each.success_rate - self.load_penalty * each.load for each in candidates]
        logarithm = log(decisions + 1)
        return [
            each.success_rate
            + (
                1.0
                if each.attempts < self.few
                else self.constant * sqrt(logarithm / (each.attempts + 1))
            )
            - self.load_penalty * each.load
            for each in candidates
        ]
