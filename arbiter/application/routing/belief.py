"""What is believed of the agents of one kind, at one position of the log: all that its router looks at."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

import msgspec
from msgspec.structs import fields, replace

from arbiter.application.ports import Learnt
from arbiter.application.routing.plan import RoutingPlan
from arbiter.domain.facts import Decision, Seen
from arbiter.domain.facts.parts import Candidate
from arbiter.domain.record import NO_RECORD, Record
from arbiter.domain.routing import Capable, Strategy, Thompson
from arbiter.domain.routing.beta import choice_probabilities
from arbiter.domain.routing.draw import LIMIT
from arbiter.domain.routing.thompson import hopeful

DIGITS = 6
"""Features are rounded to so many places: what differs less makes no other choice, and each is stored."""

USUAL = {field.name: field.default for field in fields(Seen)}


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent's profile says that a router looks at."""

    cost: float = 0.0
    weight: float = 1.0


class Belief:
    """One kind: its strategy, and every agent as it is seen there; made whole before anybody routes by it."""

    def __init__(
        self,
        strategy: Strategy,
        seen: Mapping[str, Seen],
        *,
        known_at: int | None = None,
        decisions: int = 0,
    ) -> None:
        """`seen` is each agent with nothing to do."""
        self.strategy, self.known_at, self.decisions = strategy, known_at, decisions
        self.seen = seen
        self._loaded: dict[str, dict[int, tuple[Seen, float]]] = {}

    def look_at(self, candidates: Sequence[Capable]) -> tuple[list[Seen], list[float]]:
        """Return the candidates as the strategy sees them now, with their load, and how it ranks them."""
        loaded = self._loaded
        try:
            pairs = [loaded[each.name][each.busy] for each in candidates]
        except KeyError:
            for each in candidates:
                if each.busy not in loaded.get(each.name, ()):
                    self._load(each)
            pairs = [loaded[each.name][each.busy] for each in candidates]
        return [seen for seen, _ in pairs], [rank for _, rank in pairs]

    def _load(self, agent: Capable) -> None:
        """See an agent at its present load; each load is worked out once."""
        idle = self.seen.get(agent.name) or Seen(agent=agent.name)
        load = round(agent.busy / agent.slots, DIGITS)
        seen = replace(idle, load=load) if load else idle
        rank = self.strategy.ranks([seen])[0]
        self._loaded.setdefault(agent.name, {})[agent.busy] = seen, rank

    def posteriors(self) -> Sequence[tuple[float, float]]:
        """Those whose choice probabilities a strategy looks up; at most as many as a shortlist holds."""
        if not isinstance(self.strategy, Thompson) or len(self.seen) < 2:
            return ()
        every = [(each.wins, each.losses) for each in self.seen.values()]
        return sorted(every, key=lambda one: hopeful(*one), reverse=True)[:LIMIT]

    def prepared(self, before: Belief | None = None) -> Belief:
        """Return it with its choice probabilities computed: milliseconds, so never while somebody waits.

        They are computed for all its agents; of some of them each keeps its share. Where the posteriors are
        those of `before`, its probabilities are taken over.
        """
        posteriors = self.posteriors()
        if not posteriors:
            return self
        if before is not None and posteriors == before.posteriors():
            probabilities = cast("Thompson", before.strategy).probabilities
        else:
            shares = dict(zip(posteriors, choice_probabilities(posteriors), strict=True))
            probabilities = _Shares(shares)
        strategy = replace(cast("Thompson", self.strategy), probabilities=probabilities)
        return Belief(strategy, self.seen, known_at=self.known_at, decisions=self.decisions)


class _Shares:
    """Looks up the probability of each posterior to be the best; nothing for one that is not among them."""

    def __init__(self, shares: Mapping[tuple[float, float], float]) -> None:
        self._shares = shares

    def __call__(self, posteriors: Sequence[tuple[float, float]]) -> Sequence[float]:
        return [self._shares.get(each, 0.0) for each in posteriors]


def beliefs(
    plan: RoutingPlan,
    kinds: Mapping[str, Collection[str]],
    profiles: Mapping[str, Known],
    learnt: Learnt,
) -> dict[str, Belief]:
    """Tell what is believed for each kind of the agents that do it; kinds without a strategy have none."""
    found = {}
    for kind, agents in kinds.items():
        strategy = plan.of(kind)
        if strategy is None:
            continue
        seen = {
            name: _seen(
                name,
                learnt.records.get((name, kind), NO_RECORD),
                profiles.get(name, Known()),
                plan,
            )
            for name in agents
        }
        found[kind] = Belief(
            strategy,
            seen,
            known_at=learnt.position,
            decisions=learnt.decisions.get(kind, 0),
        )
    return found


def _seen(name: str, record: Record, known: Known, plan: RoutingPlan) -> Seen:
    wins, losses = record.posterior(plan.reward, price=plan.price, unpriced=known.cost)
    features: dict[str, Any] = {
        "attempts": record.attempts,
        "success_rate": round(record.success_rate, DIGITS),
        "quality": round(record.quality, DIGITS),
        "latency_ms": round(record.latency_ms, DIGITS),
        "cost": round(record.cost if record.priced else known.cost, DIGITS),
        "weight": plan.weights.get(name, known.weight),
        "wins": round(wins, DIGITS),
        "losses": round(losses, DIGITS),
    }
    # What equals a default is not stored, if it is left out here: an equal float would be another object.
    return Seen(agent=name, **{key: each for key, each in features.items() if each != USUAL[key]})


def only(name: str, strategy: Strategy) -> Decision:
    """The decision where nobody else is able and free: nothing is looked at, nothing drawn."""
    return Decision(
        strategy=strategy.name,
        strategy_version=strategy.version,
        reason=f"only {name} is able and free",
        candidates=(Candidate(agent=name, score=1.0, propensity=1.0),),
    )
