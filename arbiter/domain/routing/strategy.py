"""The port of a strategy: pure, and all that chance needs in order to decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Protocol

import msgspec

from arbiter.domain.facts.parts import Seen

LOAD_PENALTY = 0.3
"""What a fully used agent loses: the origin's loadBalancingWeight, which it never applied."""

Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Floor = Annotated[float, msgspec.Meta(ge=0.0001, le=0.5)]
"""What is kept for exploring, whatever was learnt: never nothing, so that nobody starves."""

Amount = Annotated[float, msgspec.Meta(ge=0.0, le=1000.0)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class Weighed(msgspec.Struct, frozen=True, gc=False):
    """Scores and propensities of some candidates, in their order; the propensities sum to 1."""

    scores: list[float]
    propensities: list[float]


class Strategy(Protocol):
    """Says how probable each candidate's choice shall be; it never draws."""

    @property
    def name(self) -> str:
        """As configuration and recorded decisions call it."""
        ...

    @property
    def version(self) -> int:
        """Raised whenever equal candidates would get other propensities."""
        ...

    @property
    def seeks_best(self) -> bool:
        """Whether passing over the best-scored is exploring; a fair share has no best."""
        ...

    @property
    def outside(self) -> float:
        """Of its share by `mass`, what an agent outside a shortlist's core gets; above 0, at most 1."""
        ...

    def ranks(self, candidates: Sequence[Seen]) -> list[float]:
        """A cheap number for each, higher for those that belong on a shortlist's core."""
        ...

    def masses(self, candidates: Sequence[Seen]) -> list[float] | None:
        """Each one's share among those outside a shortlist's core, above 0; None where all are alike."""
        ...

    def weigh(self, candidates: Sequence[Seen], decisions: int) -> Weighed:
        """Give each a score and a propensity above 0, `decisions` having been made before."""
        ...


def favouring_the_best(scores: list[float], floor: float) -> list[float]:
    """1 - floor for the best (equals share it), and the floor evenly for all, so that none is 0."""
    best = max(scores)
    top = (1.0 - floor) / scores.count(best)
    each = floor / len(scores)
    return [each + top if score == best else each for score in scores]
