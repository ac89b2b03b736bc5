"""Thompson sampling by its choice probabilities, so that one recorded draw replays the choice.

Sampling one number per agent and taking the largest would hide the probabilities. They are the integrals
P(i) = int f_i(x) prod_{j != i} F_j(x) dx over the Beta posteriors, computed by `choice_probabilities`:
milliseconds, so the caller keeps the answers by the posteriors and hands in a function that looks them up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt

import msgspec

from arbiter.domain.facts.parts import Seen
from arbiter.domain.routing.beta import choice_probabilities
from arbiter.domain.routing.strategy import LOAD_PENALTY, Floor, Share, Weighed

Probabilities = Callable[[tuple[tuple[float, float], ...]], Sequence[float]]
"""From (wins, losses) of each to the probability that each is the best, in their order and proportion."""


def hopeful(wins: float, losses: float) -> float:
    """The mean of a posterior and two of its standard deviations."""
    total = wins + losses
    return (wins + 2.0 * sqrt(wins * losses / (total + 1.0))) / total


class Thompson(msgspec.Struct, frozen=True, kw_only=True):
    """Chooses each with the probability that it is the best, less up to 0.3 of it for load."""

    name: str = "thompson"
    version: int = 1
    seeks_best: bool = True
    outside: float = 0.1
    floor: Floor = 0.02
    load_penalty: Share = LOAD_PENALTY
    probabilities: Probabilities = choice_probabilities

    def ranks(self, candidates: Sequence[Seen]) -> list[float]:
        """Mean and two standard deviations: what is little known may come along."""
        return [hopeful(each.wins, each.losses) for each in candidates]

    def masses(self, candidates: Sequence[Seen]) -> list[float] | None:  # noqa: ARG002 - all alike
        return None

    def weigh(self, candidates: Sequence[Seen], decisions: int) -> Weighed:  # noqa: ARG002 - the port's
        posteriors = tuple([(each.wins, each.losses) for each in candidates])
        penalty = self.load_penalty
        shares = [
            share * (1.0 - penalty * each.load)
            for each, share in zip(candidates, self.probabilities(posteriors), strict=True)
        ]
        total = sum(shares)
        if total <= 0.0:  # nobody's probability is known yet
            shares, total = [1.0] * len(shares), float(len(shares))
        part, each_has = (1.0 - self.floor) / total, self.floor / len(candidates)
        return Weighed(
            [wins / (wins + losses) for wins, losses in posteriors],
            [each_has + part * share for share in shares],
        )
