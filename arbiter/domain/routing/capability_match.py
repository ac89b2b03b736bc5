"""The best fit: 0.7 x match + 0.3 x performance, performance = 0.7 x match + 0.3 x success_rate.

The seed system put the constant 0.8 in the place of the success rate; a new agent has just that.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from arbiter.domain.facts.parts import Seen
from arbiter.domain.routing.strategy import Floor, Weighed, favouring_the_best


class CapabilityMatch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Takes the best fit; the floor is spread over all."""

    name: str = "capability_match"
    version: int = 1
    seeks_best: bool = True
    outside: float = 0.1
    floor: Floor = 0.05

    def ranks(self, candidates: Sequence[Seen]) -> list[float]:
        return [
            0.7 * each.match + 0.3 * (0.7 * each.match + 0.3 * each.success_rate)
            for each in candidates
        ]

    def masses(self, candidates: Sequence[Seen]) -> list[float] | None:  # noqa: ARG002 - all alike
        return None

    def weigh(self, candidates: Sequence[Seen], decisions: int) -> Weighed:  # noqa: ARG002 - the port's
        scores = self.ranks(candidates)
        return Weighed(scores, favouring_the_best(scores, self.floor))
