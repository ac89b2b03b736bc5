"""The one way from a strategy and a draw to a decision."""

from __future__ import annotations

from collections.abc import Sequence

from arbiter.domain.facts.parts import Candidate, Decision, Seen
from arbiter.domain.routing.draw import inverse, shortlist
from arbiter.domain.routing.reasons import confidence, reason
from arbiter.domain.routing.strategy import Strategy, Weighed

ALTERNATIVES = 2


def decide(
    strategy: Strategy,
    candidates: Sequence[Seen],
    *,
    draw: float,
    decisions: int = 0,
    known_at: int | None = None,
    ranks: Sequence[float] | None = None,
) -> tuple[str, Decision]:
    """Name the agent and say why; there is at least one candidate, and the draw is in [0, 1).

    `decisions` counts those made before for this kind, `known_at` is the position of the log at which the
    candidates were known. `ranks` are the strategy's for these candidates, where they are known already.
    Equal arguments, in equal order, give equal answers.
    """
    listed = shortlist(strategy, candidates, draw, ranks)
    weighed = strategy.weigh(listed.core, decisions)
    seen, scores, propensities = [*listed.core], weighed.scores, weighed.propensities
    if listed.guest is not None:
        seen = [*seen, listed.guest]
        scores = [*scores, *strategy.ranks([listed.guest])]
        propensities = [each * (1.0 - listed.share) for each in propensities] + [listed.share]
    place = inverse(propensities, draw)
    guest = len(listed.core)
    chosen, best = seen[place], place != guest and scores[place] == max(weighed.scores)
    recorded = [
        Candidate(
            agent=each.agent,
            score=scores[at],
            propensity=propensities[at],
            shortlisted=listed.shortlisted if at == guest else 1.0,
            features=each,
        )
        for at, each in enumerate(seen)
    ]
    return chosen.agent, Decision(
        strategy=strategy.name,
        strategy_version=strategy.version,
        reason=reason(
            chosen,
            propensities[place] * recorded[place].shortlisted,
            best=best,
            seeks_best=strategy.seeks_best,
            among=len(candidates),
        ),
        candidates=tuple(recorded),
        draw=draw,
        decisions=decisions,
        shortlist_of=0 if listed.guest is None else len(candidates),
        confidence=confidence(chosen),
        alternatives=_next_best(seen, weighed, place),
        explored=strategy.seeks_best and not best,
        known_at=known_at,
    )


def _next_best(seen: list[Seen], weighed: Weighed, chosen: int) -> tuple[str, ...]:
    others = sorted(
        (-score, place) for place, score in enumerate(weighed.scores) if place != chosen
    )
    return tuple([seen[place].agent for _, place in others[:ALTERNATIVES]])
