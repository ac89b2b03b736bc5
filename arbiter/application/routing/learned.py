"""The router that goes by what was learnt: a strategy for each kind, over the newest beliefs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import force_setattr

from arbiter.application.routing.belief import Belief, only
from arbiter.application.routing.plan import RoutingPlan
from arbiter.domain.facts import Decision, Seen
from arbiter.domain.routing import Capable, MostFreeSlots, decide
from arbiter.domain.task import Task

MILLI = 1000.0
DIGITS = 4


class Learned:
    """Decides by the strategy of the task's kind; what it knows is handed to it whole."""

    def __init__(self, plan: RoutingPlan, stopwatch: Callable[[], float]) -> None:
        """Nothing is known yet: every agent is taken for what one is at first."""
        self.plan = plan
        self._stopwatch = stopwatch
        self._beliefs: dict[str, Belief | None] = {}
        self._alone: dict[tuple[str, str], Decision] = {}
        self._off = MostFreeSlots()

    def believe(self, beliefs: Mapping[str, Belief]) -> None:
        """Route by these beliefs from now on."""
        self._beliefs = dict(beliefs)

    def believed(self, kind: str) -> Belief | None:
        """What decides for a kind; None where nothing learnt does."""
        try:
            return self._beliefs[kind]
        except KeyError:
            strategy = self.plan.of(kind)
            unknown: Mapping[str, Seen] = {}
            belief = None if strategy is None else Belief(strategy, unknown)
            self._beliefs[kind] = belief
            return belief

    def choose(
        self, task: Task, candidates: Sequence[Capable], chance: float
    ) -> tuple[str, Decision]:
        """Name the agent, and say why; the chance is the draw that decides, in [0, 1)."""
        belief = self.believed(task.kind)
        if belief is None:
            return self._off.choose(task, candidates, chance)
        if len(candidates) == 1:
            return self._only(candidates[0].name, belief)
        begun = self._stopwatch()
        seen, ranks = belief.look_at(candidates)
        name, decision = decide(
            belief.strategy,
            seen,
            draw=chance,
            decisions=belief.decisions,
            known_at=belief.known_at,
            ranks=ranks,
        )
        took = round((self._stopwatch() - begun) * MILLI, DIGITS)
        force_setattr(decision, "took_ms", took)  # it is ours alone until it is returned
        return name, decision

    def _only(self, name: str, belief: Belief) -> tuple[str, Decision]:
        key = name, belief.strategy.name
        decision = self._alone.get(key)
        if decision is None:
            decision = self._alone[key] = only(name, belief.strategy)
        return name, decision
