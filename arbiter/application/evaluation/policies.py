"""From a strategy of the router to the policy that is judged: the same code, over the same features."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from msgspec.structs import replace

from arbiter.application.evaluation.logged import LoggedDecision, Policy
from arbiter.domain.facts.parts import Seen
from arbiter.domain.routing import Strategy, Thompson
from arbiter.domain.routing.beta import choice_probabilities

REMEMBERED = 4096
"""Sets of posteriors whose choice probabilities are kept: they change less often than decisions are made."""


def policy_of(strategy: Strategy) -> Policy:
    """Return the probabilities a strategy would have given to the candidates of a decision."""
    if isinstance(strategy, Thompson):
        strategy = replace(strategy, probabilities=lru_cache(REMEMBERED)(choice_probabilities))

    def policy(decision: LoggedDecision) -> Mapping[str, float]:
        candidates = decision.candidates
        if len(candidates) == 1:
            return {candidates[0].agent: 1.0}
        seen = [each.features or Seen(agent=each.agent) for each in candidates]
        weighed = strategy.weigh(seen, decision.decisions)
        return {
            each.agent: propensity
            for each, propensity in zip(candidates, weighed.propensities, strict=True)
        }

    return policy
