"""The most idle: score = 1 - load; equals share the choice evenly."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from arbiter.domain.facts.parts import Seen
from arbiter.domain.routing.strategy import Weighed, favouring_the_best


class LeastLoaded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Takes the most idle; the floor is spread over all."""

    name: str = "least_loaded"
    version: int = 1
    seeks_best: bool = True
    outside: float = 0.1
    floor: float = 0.05

    def rank(self, seen: Seen) -> float:
        return 1.0 - seen.load

    def mass(self, seen: Seen) -> float:  # noqa: ARG002 - all alike
        return 1.0

    def weigh(self, candidates: Sequence[Seen], decisions: int) -> Weighed:  # noqa: ARG002 - the port's
        scores = [self.rank(each) for each in candidates]
        return Weighed(scores, favouring_the_best(scores, self.floor))
