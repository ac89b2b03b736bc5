"""Weighted round robin without a position: a fair draw, each by its weight over the sum of all weights.

No counter is kept, so that many workers need not agree on one; shares hold on average, not in each round.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from arbiter.domain.facts.parts import Seen
from arbiter.domain.routing.strategy import Weighed

LIGHTEST = 0.01


class Weighted(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Gives each its weight's share; a weight below 0.01 counts as 0.01, so that nobody starves."""

    name: str = "weighted"
    version: int = 1
    seeks_best: bool = False
    outside: float = 1.0

    def ranks(self, candidates: Sequence[Seen]) -> list[float]:
        return [each.weight for each in candidates]

    def masses(self, candidates: Sequence[Seen]) -> list[float]:
        return [max(each.weight, LIGHTEST) for each in candidates]

    def weigh(self, candidates: Sequence[Seen], decisions: int) -> Weighed:  # noqa: ARG002 - the port's
        masses = self.masses(candidates)
        total = sum(masses)
        return Weighed(masses, [mass / total for mass in masses])
