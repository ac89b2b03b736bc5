"""The one way from a strategy and a draw to a decision."""

from __future__ import annotations

from collections.abc import Sequence

from arbiter.domain.facts.parts import Candidate, Decision, Seen
from arbiter.domain.routing.draw import LIMIT, Shortlist, inverse, shortlist
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
    listed = None
    core = candidates
    if len(candidates) > LIMIT:
        listed = shortlist(strategy, candidates, draw, ranks)
        core = listed.core
    weighed = strategy.weigh(core, decisions)
    scores, propensities = weighed.scores, weighed.propensities
    if listed is not None:
        core, scores, propensities = _with_guest(strategy, listed, weighed)
    place = inverse(propensities, draw)
    chosen = core[place]
    is_guest = listed is not None and place == len(core) - 1
    best = not is_guest and scores[place] == max(weighed.scores)
    probability = propensities[place]
    if is_guest and listed is not None:
        probability *= listed.shortlisted
    return chosen.agent, Decision(
        strategy=strategy.name,
        strategy_version=strategy.version,
        reason=reason(
            chosen,
            probability,
            best=best,
            seeks_best=strategy.seeks_best,
            among=len(candidates),
        ),
        candidates=_recorded(core, scores, propensities, listed),
        draw=draw,
        decisions=decisions,
        shortlist_of=0 if listed is None else len(candidates),
        confidence=confidence(chosen),
        alternatives=_next_best(core, weighed, place),
        explored=strategy.seeks_best and not best,
        known_at=known_at,
    )


def _with_guest(
    strategy: Strategy, listed: Shortlist, weighed: Weighed
) -> tuple[list[Seen], list[float], list[float]]:
    """The core, its propensities lessened by the guest's, and the guest at the end."""
    return (
        [*listed.core, listed.guest],
        [*weighed.scores, *strategy.ranks([listed.guest])],
        [each * (1.0 - listed.share) for each in weighed.propensities] + [listed.share],
    )


def _recorded(
    seen: Sequence[Seen],
    scores: Sequence[float],
    propensities: Sequence[float],
    listed: Shortlist | None,
) -> tuple[Candidate, ...]:
    recorded = [
        Candidate(agent=each.agent, score=score, propensity=propensity, features=each)
        for each, score, propensity in zip(seen, scores, propensities, strict=True)
    ]
    if listed is not None:
        recorded[-1] = Candidate(
            agent=listed.guest.agent,
            score=scores[-1],
            propensity=propensities[-1],
            shortlisted=listed.shortlisted,
            features=listed.guest,
        )
    return tuple(recorded)


def _next_best(seen: Sequence[Seen], weighed: Weighed, chosen: int) -> tuple[str, ...]:
    """The best of the others, equals in their order."""
    scores = weighed.scores
    ranked = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)[: ALTERNATIVES + 1]
    others = [seen[place].agent for place in ranked if place != chosen]
    return tuple(others[:ALTERNATIVES])
