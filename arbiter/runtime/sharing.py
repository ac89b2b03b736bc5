"""Work that crosses between hosts: what we give to agents of others, and what others give to ours."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from uuid import UUID

from arbiter.application.orchestrator import Orchestrator
from arbiter.application.ports import Assignment, Assignments, Clock, Elsewhere, Log
from arbiter.domain import verbs
from arbiter.domain.errors import AttemptFenced, IllegalTransition, UnknownTask
from arbiter.domain.facts import AgentProfiled
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.status import Status
from arbiter.domain.task import Task, remember
from arbiter.runtime.hosted import breakers_of

log = logging.getLogger(__name__)

MOST_AT_REST = 1_000
REST_SECONDS = 10.0
"""What was given to us and finds no slot for so long is given back to its queue."""


class Neighbour:
    """An agent that another worker hosts, as the router sees it."""

    __slots__ = ("busy", "elsewhere", "incarnation", "limits", "name", "retry", "slots")

    def __init__(self, elsewhere: Elsewhere) -> None:
        """All that its host has in hand counts as its own: it may be more than its slots."""
        self.elsewhere, self.incarnation = elsewhere, elsewhere.incarnation
        profile = elsewhere.profile
        self.name, self.slots = profile.name, profile.max_concurrency
        self.retry, self.limits = profile.retry, profile.limits
        self.busy = min(elsewhere.busy, self.slots)

    @property
    def free(self) -> int:
        """Slots its host has for it, as far as we know."""
        return self.slots - self.busy

    @property
    def profile(self) -> AgentProfiled:
        """What it is."""
        return self.elsewhere.profile

    def can(self, needs: tuple[str, ...]) -> bool:
        """Tell whether it is able to do what is needed."""
        return all(need in self.elsewhere.abilities for need in needs)


class Neighbours:
    """The agents we could give work to: those that take work and that nobody hosts here."""

    def __init__(self) -> None:
        """Nobody is known."""
        self._by_line: dict[tuple[str, str], list[Neighbour]] = {}
        """By queue and kind."""

        self.are_any = False

    def __iter__(self) -> Iterator[Neighbour]:
        """Go through them, once for each line of tasks they may come from."""
        return chain.from_iterable(self._by_line.values())

    @property
    def kinds(self) -> Mapping[str, Sequence[str]]:
        """Every kind they do, and the names of who does it."""
        kinds: dict[str, dict[str, None]] = {}
        for (_, kind), those in self._by_line.items():
            kinds.setdefault(kind, {}).update((each.name, None) for each in those)
        return {kind: list(names) for kind, names in kinds.items()}

    def know(
        self, found: Iterable[Elsewhere], *, here: Container[str], closed: Container[str]
    ) -> None:
        """Take in who is hosted elsewhere now; of an agent with several hosts, the one with most room.

        Left out are those hosted here, and those whose status or breakers bound what they may get. A host
        is asked only for tasks of the queues it serves.
        """
        best: dict[tuple[str, str], Neighbour] = {}
        for each in found:
            name = each.profile.name
            if name in here or any(guard in closed for guard in breakers_of(each.profile)):
                continue
            neighbour = Neighbour(each)
            for queue in each.queues:
                other = best.get((name, queue))
                if other is None or neighbour.free > other.free:
                    best[name, queue] = neighbour
        self._by_line = {}
        for (_, queue), neighbour in best.items():
            for kind in neighbour.profile.kinds:
                self._by_line.setdefault((queue, kind), []).append(neighbour)
        self.are_any = bool(best)

    def candidates(self, queue: str, kind: str, needs: tuple[str, ...]) -> list[Neighbour]:
        """Return who is able to do such a task and has, as far as we know, a free slot."""
        those = self._by_line.get((queue, kind), ())
        return [each for each in those if each.busy < each.slots and (not needs or each.can(needs))]


class Sharing:
    """One incarnation's dealings with the other workers."""

    def __init__(
        self,
        incarnation: UUID,
        *,
        neighbours: Neighbours,
        assignments: Assignments,
        orchestrator: Orchestrator,
        facts: Log,
        clock: Clock,
        queues: tuple[str, ...],
    ) -> None:
        """Nothing rests with us yet."""
        self._me, self.neighbours, self._assignments = incarnation, neighbours, assignments
        self._orchestrator, self._log, self._clock = orchestrator, facts, clock
        self._queues = queues
        self.resting: deque[tuple[Task, float]] = deque()
        """Assigned to us and waiting for a slot, and since when we know."""

        self._starting: set[UUID] = set()

    async def give(self, given: Sequence[Assignment]) -> Sequence[UUID]:
        """Hand tasks over; return those that stayed with us, or with nobody."""
        refused = await self._assignments.give(self._me, given)
        if refused:
            log.info("%d tasks could not be given to their agents' hosts", len(refused))
        return [each.task.id for each in given if each.task.id in refused]

    async def look(self) -> bool:
        """Take in what rests with us; tell whether there is anything new."""
        known = {task.id for task, _ in self.resting} | self._starting
        found = await self._assignments.given(self._me, self._queues, MOST_AT_REST)
        fresh = [task_id for task_id in found if task_id not in known]
        streams = await self._log.streams(fresh) if fresh else {}
        now = self._clock.monotonic()
        for task_id in fresh:
            task = remember(fact for fact in streams.get(task_id, ()) if isinstance(fact, TaskFact))
            if task is not None and self._rests_here(task) and task_id not in self._starting:
                self.resting.append((task, now))
        return bool(fresh)

    def startable(self, has_slot: Callable[[str], bool]) -> int:
        """How many of those that rest with us may find a slot."""
        if not self.resting:
            return 0
        able = {name for name in {_agent(task) for task, _ in self.resting} if has_slot(name)}
        return sum(task.agent in able for task, _ in self.resting) if able else 0

    def take(self, has_slot: Callable[[str], bool], most: int) -> Iterator[Task]:
        """Take out, one by one, what has a slot to start in; `begun` is to be called when it has."""
        for _ in range(len(self.resting)):
            task, since = self.resting.popleft()
            if most > 0 and has_slot(_agent(task)):
                most -= 1
                self._starting.add(task.id)
                yield task
            else:
                self.resting.append((task, since))

    def begun(self, task_ids: Iterable[UUID]) -> None:
        """What was to start has started, or has not: either way the log tells the rest."""
        self._starting.difference_update(task_ids)

    async def give_back(self) -> float | None:
        """Release what has waited too long; tell in how many seconds to do so again."""
        now = self._clock.monotonic()
        late = [task for task, since in self.resting if now - since >= REST_SECONDS]
        await self._release(late, "no_slot")
        if not self.resting:
            return None
        return min(since for _, since in self.resting) + REST_SECONDS - now

    async def give_back_all(self) -> int:
        """Release all that rests with us; say how many."""
        rest = [task for task, _ in self.resting]
        await self._release(rest, "drain")
        return len(rest)

    async def _release(self, tasks: Sequence[Task], reason: str) -> None:
        gone = {task.id for task in tasks}
        self.resting = deque(pair for pair in self.resting if pair[0].id not in gone)
        for task in tasks:
            await self._release_one(task.id, task.attempt_id, reason)

    async def _release_one(self, task_id: UUID, attempt_id: UUID | None, reason: str) -> None:
        assert attempt_id is not None, "an assigned task has an attempt"
        try:
            await self._orchestrator.decide(
                task_id, lambda task, at: [verbs.release(task, attempt_id, reason, at=at)]
            )
        except (AttemptFenced, IllegalTransition, UnknownTask) as late:
            log.info("it has gone on already: %s", late)

    def _rests_here(self, task: Task) -> bool:
        return task.status is Status.ASSIGNED and task.incarnation == self._me


def _agent(task: Task) -> str:
    assert task.agent is not None, "an assigned task has an agent"
    return task.agent
