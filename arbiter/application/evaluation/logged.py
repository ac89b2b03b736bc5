"""A decision as the log remembers it, with what came of it: all that an evaluation looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

from arbiter.domain.facts.parts import Seen


class LoggedCandidate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An agent that could have been chosen, and with which probability it would have been."""

    agent: str
    propensity: float
    """Unrounded; those of one decision sum to 1 within 1e-9."""
    features: Seen | None = None
    """What a strategy may look at: match, load, success rate, ..."""


class LoggedDecision(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One choice among candidates, and the reward of the chosen one.

    Where a shortlist was drawn, the candidates are those of the shortlist and the propensities are
    given the shortlist: a strategy is then judged within the same shortlists.
    """

    kind: str
    candidates: tuple[LoggedCandidate, ...]
    chosen: str
    decisions: int = 0
    """How many decisions of this kind came before, as the strategy was told."""

    reward: float | None
    """What the choice earned; None where nobody knows: cancelled, timed out, or never rated."""


Policy: TypeAlias = Callable[[LoggedDecision], Mapping[str, float]]
"""Another strategy: a decision's candidates to their probabilities, by agent; one left out has 0.

It may look at the kind and at the candidates, never at what was chosen or earned.
"""
