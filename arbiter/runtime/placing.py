"""From claimed tasks to attempts: an agent is chosen for each, here or on another host."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from arbiter.application.orchestrator import Orchestrator
from arbiter.application.ports import Assignment, Beginning
from arbiter.application.ready_row import needs_of
from arbiter.domain import verbs
from arbiter.domain.routing import Capable, Router
from arbiter.domain.task import Task, evolve
from arbiter.runtime.execution import Execution
from arbiter.runtime.hosted import HostedAgent, Roster
from arbiter.runtime.sharing import Neighbour, Neighbours

Claims = deque[tuple[Task, float]]
"""Claimed tasks, and since when they wait here."""


class Begun(NamedTuple):
    """An attempt that begins here with the next turn."""

    beginning: Beginning
    execution: Execution

    @property
    def task(self) -> Task:
        """As it runs from then on."""
        return self.beginning.task


class Placed(NamedTuple):
    """What became of some claimed tasks; the others wait for a slot."""

    begun: list[Begun]
    given: list[Assignment]
    probing: dict[UUID, tuple[Task, float]]
    """Of those begun, what tries out a half-open agent and needs a permit for it; as it was claimed."""


NOTHING = Placed([], [], {})


class Placing:
    """Routes claimed tasks while there are free slots."""

    def __init__(
        self,
        incarnation: UUID,
        *,
        orchestrator: Orchestrator,
        router: Router,
        roster: Roster,
        neighbours: Neighbours,
    ) -> None:
        """Nothing waits for a slot."""
        self._incarnation, self._orchestrator, self._router = incarnation, orchestrator, router
        self._roster, self._neighbours = roster, neighbours
        self._stuck: tuple[int, int] | None = None

    def placeable(self, claimed: Claims) -> int:
        """How many claimed tasks may find a slot; none if nothing changed since none did."""
        if self._stuck == (self._roster.changes, len(claimed)):
            return 0
        return min(len(claimed), self._roster.free)

    def place(self, claimed: Claims, most: int, *, at: datetime, since: float) -> Placed:
        """Take out of the claimed tasks those for which an agent has a free slot, at most so many."""
        placed, waiting = Placed([], [], {}), Claims()
        roster, neighbours = self._roster, self._neighbours
        while claimed and roster.free > 0 and len(placed.begun) + len(placed.given) < most:
            task, _ = pair = claimed.popleft()
            needs = needs_of(task.requirements)
            here = roster.candidates(task.kind, needs)
            elsewhere = (
                neighbours.candidates(task.queue, task.kind, needs) if neighbours.are_any else ()
            )
            if not here and not elsewhere:
                waiting.append(pair)
                continue
            candidates: Sequence[Capable] = [*here, *elsewhere] if elsewhere else here
            name, decision = self._router.choose(task, candidates, self._orchestrator.chance())
            attempt_id = self._orchestrator.new_id(at)
            neighbour = _of_name(elsewhere, name) if elsewhere else None
            chosen: HostedAgent | Neighbour = roster[name] if neighbour is None else neighbour
            routed = verbs.route(
                task,
                name,
                decision,
                attempt_id=attempt_id,
                incarnation=self._incarnation if neighbour is None else neighbour.incarnation,
                at=at,
                retry=chosen.retry,
                limits=chosen.limits,
            )
            assigned = evolve(task, routed)
            if neighbour is not None:
                neighbour.busy += 1
                placed.given.append(Assignment(routed, assigned))
                continue
            agent = roster[name]
            if agent.room is not None:
                placed.probing[task.id] = pair
            roster.take(agent)
            started = verbs.start(assigned, attempt_id, at=at)
            running = evolve(assigned, started)
            beginning = Beginning((routed, started), running)
            placed.begun.append(Begun(beginning, Execution(running, agent, since)))
        all_seen = not claimed or roster.free <= 0
        claimed.extendleft(reversed(waiting))
        self._stuck = (roster.changes, len(claimed)) if waiting and all_seen else None
        return placed

    def has_slot(self, name: str) -> bool:
        """Tell whether an agent could begin something that was given to it; one on probation could not."""
        if self._roster.free <= 0 or name not in self._roster:
            return False
        agent = self._roster[name]
        return agent.room is None and agent.free > 0

    def start(self, resting: Iterable[Task], *, at: datetime, since: float) -> list[Begun]:
        """Begin tasks that others have given to agents of ours that have a free slot."""
        begun = []
        for task in resting:
            assert task.agent is not None, "an assigned task has an agent"
            assert task.attempt_id is not None, "and an attempt"
            agent = self._roster[task.agent]
            self._roster.take(agent)
            started = verbs.start(task, task.attempt_id, at=at)
            running = evolve(task, started)
            begun.append(Begun(Beginning((started,), running), Execution(running, agent, since)))
        return begun


def _of_name(neighbours: Sequence[Neighbour], name: str) -> Neighbour | None:
    return next((each for each in neighbours if each.name == name), None)
