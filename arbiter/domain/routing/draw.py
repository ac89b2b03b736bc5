"""One draw in [0, 1) decides who is on the shortlist and who of it is chosen.

Up to 32 candidates are all scored. Of more, the 31 of highest rank are the core, and one guest comes
from the rest. The guest's propensity s is fixed before anybody is scored, and does not depend on who
the guest is; a guest g is drawn with probability mass(g) / mass(rest). So the recorded propensities sum to 1,
and shortlisted x propensity is the exact probability of the choice: the strategy's times 1 - s for the
core, s x mass(g) / mass(rest) for everybody else. The core comes first and the guest last: a draw below
1 - s takes one of the core, and a draw of at least 1 - s takes the guest. In both cases the draw's place
inside its part, again uniform in [0, 1), picks the guest.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from arbiter.domain.facts.parts import Decision, Seen
from arbiter.domain.routing.strategy import Strategy

LIMIT = 32


class Shortlist(msgspec.Struct, frozen=True, gc=False):
    """Who of a crowd is scored, and who comes along."""

    core: Sequence[Seen]
    guest: Seen
    share: float
    """The guest's propensity."""
    shortlisted: float
    """The probability of this guest among all outside the core."""


def inverse(propensities: Sequence[float], draw: float) -> int:
    """The place where the cumulated propensities first exceed the draw; the last if rounding hides it."""
    cumulated = 0.0
    for place, propensity in enumerate(propensities):
        cumulated += propensity
        if draw < cumulated:
            return place
    return len(propensities) - 1


def replay(decision: Decision) -> str:
    """The agent that a recorded decision chose; without a draw, the first that had any chance."""
    draw = 0.0 if decision.draw is None else decision.draw
    found = inverse([each.propensity for each in decision.candidates], draw)
    return decision.candidates[found].agent


def shortlist(
    strategy: Strategy,
    candidates: Sequence[Seen],
    draw: float,
    ranks: Sequence[float] | None = None,
) -> Shortlist:
    """32 of more candidates than that; each has a positive probability of being chosen."""
    if ranks is None:
        ranks = strategy.ranks(candidates)
    ranked = sorted(range(len(candidates)), key=ranks.__getitem__, reverse=True)
    core = [candidates[place] for place in ranked[: LIMIT - 1]]
    rest = ranked[LIMIT - 1 :]
    masses = strategy.masses(candidates)
    if masses is None:
        share = strategy.outside * len(rest) / len(candidates)
        guest = min(int(_within(share, draw) * len(rest)), len(rest) - 1)
        return Shortlist(core, candidates[rest[guest]], share, 1.0 / len(rest))
    outer = [masses[place] for place in rest]
    outside = sum(outer)
    share = strategy.outside * outside / sum(masses)
    shares = [mass / outside for mass in outer]
    guest = inverse(shares, _within(share, draw))
    return Shortlist(core, candidates[rest[guest]], share, shares[guest])


def _within(share: float, draw: float) -> float:
    """The draw's place inside its part, in [0, 1): that of the core, or that of the guest."""
    return draw / (1.0 - share) if draw < 1.0 - share else (draw - (1.0 - share)) / share
