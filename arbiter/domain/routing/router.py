"""Choosing the agent for a task: the port, and the strategy that needs to know nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from arbiter.domain.facts import Candidate, Decision
from arbiter.domain.task import Task


class Capable(Protocol):
    """An agent that is able to do a task and has a free slot, as the router sees it."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def busy(self) -> int:
        """Slots in use."""
        ...

    @property
    def slots(self) -> int:
        """Slots in all."""
        ...


class Router(Protocol):
    """Chooses among capable agents; the decision it returns is all one needs to choose so again."""

    def choose(
        self, task: Task, candidates: Sequence[Capable], chance: float
    ) -> tuple[str, Decision]:
        """Name the agent, and say why; there is at least one candidate."""
        ...


class MostFreeSlots:
    """The agent with the largest free share of its slots; of equals, the first by name."""

    def __init__(self) -> None:
        """Remember the answers for a single candidate: they are always the same."""
        self._alone: dict[str, Decision] = {}

    def choose(
        self,
        task: Task,  # noqa: ARG002 - the port's
        candidates: Sequence[Capable],
        chance: float,  # noqa: ARG002 - the port's
    ) -> tuple[str, Decision]:
        """Name the agent; neither the task's kind nor chance has a say."""
        if len(candidates) == 1:
            return self._only(candidates[0].name)
        scored = sorted((each.busy / each.slots, each.name) for each in candidates)
        chosen = scored[0][1]
        return chosen, Decision(
            strategy="most_free_slots",
            reason=f"{chosen} has the largest free share of its slots",
            candidates=tuple(
                Candidate(agent=name, score=1.0 - used, propensity=float(name == chosen))
                for used, name in scored
            ),
        )

    def _only(self, name: str) -> tuple[str, Decision]:
        decision = self._alone.get(name)
        if decision is None:
            decision = Decision(
                strategy="most_free_slots",
                reason=f"only {name} is able and free",
                candidates=(Candidate(agent=name, score=1.0, propensity=1.0),),
            )
            self._alone[name] = decision
        return name, decision
