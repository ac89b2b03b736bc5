"""The most idle: score = 1 - load; equals share the choice evenly."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from arbiter.domain.facts.parts import Seen
from arbiter.domain.routing.strategy import Floor, Weighed, favouring_the_best


class LeastLoaded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Takes the most idle; the floor is spread over all."""

    name: str = "least_loaded"
    version: int = 1
    seeks_best: bool = True
    outside: float = 0.1
    floor: Floor = 0.05

    def ranks(self, candidates: Sequence[Seen]) -> list[float]:
        return [1.0 - each.load for each in candidates]

    def masses(self, candidates: Sequence[Seen]) -> list[float] | None:  # noqa: ARG002 - all alike
        return None

    def weigh(self, candidates: Sequence[Seen], decisions: int) -> Weighed:  # noqa: ARG002 - the port's
        scores = self.ranks(candidates)
        return Weighed(scores, favouring_the_best(scores, self.floor))
