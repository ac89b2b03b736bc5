"""The best fit: 0.7 x match + 0.3 x performance, performance = 0.7 x match + 0.3 x success_rate.

The seed system put the constant 0.8 in the place of the success rate; a new agent has just that.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from arbiter.domain.facts.parts import Seen
from arbiter.domain.routing.strategy import Weighed, favouring_the_best


class CapabilityMatch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Takes the best fit; the floor is spread over all."""

    name: str = "capability_match"
    version: int = 1
    seeks_best: bool = True
    outside: float = 0.1
    floor: float = 0.05

    def rank(self, seen: Seen) -> float:
        performance = 0.7 * seen.match + 0.3 * seen.success_rate
        return 0.7 * seen.match + 0.3 * performance

    def mass(self, seen: Seen) -> float:  # noqa: ARG002 - all alike
        return 1.0

    def weigh(self, candidates: Sequence[Seen], decisions: int) -> Weighed:  # noqa: ARG002 - the port's
        scores = [self.rank(each) for each in candidates]
        return Weighed(scores, favouring_the_best(scores, self.floor))
