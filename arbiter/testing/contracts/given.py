"""What has happened before a test, told through the ports themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from arbiter.application.agents import agent_id, queue_id
from arbiter.application.ports import (
    AGENT_LIMIT,
    Beginning,
    Claimed,
    Entry,
    RemoteAttempt,
    Turn,
    Wanted,
    entry,
)
from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.facts import (
    AgentRegistered,
    AgentRetired,
    AgentStatusChanged,
    AgentUpdated,
    QueueLimited,
    QueuePaused,
    QueueResumed,
    TaskFact,
    TaskRouted,
    TaskStarted,
    WorkerJoined,
    WorkerLeft,
    WorkerLost,
)
from arbiter.domain.limits import Limits
from arbiter.domain.task import Task, evolve
from arbiter.testing.builders import Step, expired, gated, handed_over, routed, started, submitted
from arbiter.testing.contracts.store import Store

KIND = "code-review"
QUEUE = "default"
PLENTY = 1000


def decision(task: Task | None, *steps: Step, at: datetime) -> tuple[Entry, Task]:
    """Decide some steps of one task at once, ready to be appended."""
    facts: list[TaskFact] = []
    after = task
    for step in steps:
        for happened in step.happens(after, at=at):
            facts.append(happened)
            after = evolve(after, happened)
    return entry(task, facts, at=at)


def wanted(
    how_many: int = PLENTY,
    *,
    kind: str = KIND,
    queue: str = QUEUE,
    abilities: Iterable[str] = (),
) -> Wanted:
    """What a worker asks for."""
    return Wanted(queue, kind, tuple(abilities), how_many)


def ids(claimed: Iterable[Claimed]) -> list[UUID]:
    """The tasks that were claimed, in their order."""
    return [claim.task_id for claim in claimed]


@dataclass(frozen=True)
class Taken:
    """What became of a turn."""

    alive: bool
    accepted: frozenset[UUID]
    """The tasks whose decision stands."""

    claimed: Sequence[Claimed]


class Given:
    """Tells stories to a store: tasks, workers, agents and queues."""

    def __init__(self, store: Store) -> None:
        """Tell everything to this store."""
        self.store = store

    @property
    def now(self) -> datetime:
        """The present moment of the store."""
        return self.store.clock.now()

    def later(self, seconds: float) -> datetime:
        """A moment after the present one."""
        return self.now + timedelta(seconds=seconds)

    async def task(self, *, at: datetime | None = None, **details: Any) -> Task:
        """Submit a task and let it pass the gate."""
        made, task = decision(None, *self.submission(**details), at=at or self.now)
        await self.store.log.append(made)
        return task

    def submission(self, **details: Any) -> tuple[Step, Step]:
        """The steps of a submission."""
        return submitted(**({"task_id": uuid4()} | details)), gated

    async def tasks(self, how_many: int, **details: Any) -> list[Task]:
        """Submit some tasks, one second apart, the oldest first."""
        begin = self.now - timedelta(seconds=how_many)
        return [
            await self.task(at=begin + timedelta(seconds=place), **details)
            for place in range(how_many)
        ]

    async def then(self, task: Task, *steps: Step, at: datetime | None = None) -> Task:
        """Let some steps happen to a task, in one append."""
        made, after = decision(task, *steps, at=at or self.now)
        await self.store.log.append(made)
        return after

    async def parked(self) -> Task:
        """Submit a task that nobody starts in time."""
        limits = Limits(schedule_to_start=1.0)
        return await self.then(await self.task(limits=limits, at=self.later(-10)), expired)

    async def worker(
        self, *, agents: Sequence[str] = ("ruff",), queues: Sequence[str] = (QUEUE,)
    ) -> UUID:
        """Let a worker join; return its incarnation."""
        incarnation = uuid4()
        await self.store.leases.join(self.joined(incarnation, agents=agents, queues=queues))
        return incarnation

    def joined(
        self,
        incarnation: UUID,
        *,
        agents: Sequence[str] = ("ruff",),
        queues: Sequence[str] = (QUEUE,),
    ) -> WorkerJoined:
        """Tell of a worker that starts."""
        return WorkerJoined(
            incarnation=incarnation,
            version=1,
            at=self.now,
            worker="worker-1",
            host="host-1",
            pid=4711,
            agents=tuple(agents),
            queues=tuple(queues),
        )

    def left(self, incarnation: UUID) -> WorkerLeft:
        """Tell of a worker that stops by itself."""
        return WorkerLeft(incarnation=incarnation, version=2, at=self.now)

    def lost(self, incarnation: UUID, *, beat: int = 0) -> WorkerLost:
        """Tell of a worker whose counter stood still."""
        return WorkerLost(
            incarnation=incarnation, version=2, at=self.now, beat=beat, lease_seconds=10.0
        )

    async def agent(
        self,
        name: str = "ruff",
        *,
        kinds: Sequence[str] = (KIND,),
        limit: int = AGENT_LIMIT,
        **profile: Any,
    ) -> AgentRegistered:
        """Register an agent."""
        registered = self.registered(name, kinds=kinds, **profile)
        await self.store.directory.append(registered, limit=limit)
        return registered

    def registered(
        self,
        name: str = "ruff",
        *,
        kinds: Sequence[str] = (KIND,),
        version: int = 1,
        **profile: Any,
    ) -> AgentRegistered:
        """Tell of an agent that is new."""
        return AgentRegistered(
            agent_id=agent_id(name),
            version=version,
            at=self.now,
            name=name,
            kinds=tuple(kinds),
            **profile,
        )

    def updated(
        self, name: str = "ruff", *, version: int, kinds: Sequence[str] = (KIND,), **profile: Any
    ) -> AgentUpdated:
        """Tell of an agent that has changed."""
        return AgentUpdated(
            agent_id=agent_id(name),
            version=version,
            at=self.now,
            name=name,
            kinds=tuple(kinds),
            **profile,
        )

    def standing(
        self, status: AgentStatus, name: str = "ruff", *, version: int = 2, **said: Any
    ) -> AgentStatusChanged:
        """Tell of an agent that takes tasks from now on, or takes none."""
        return AgentStatusChanged(
            agent_id=agent_id(name),
            version=version,
            at=self.now,
            name=name,
            status=status,
            **said,
        )

    def retired(self, name: str = "ruff", *, version: int = 2, **said: Any) -> AgentRetired:
        """Tell of an agent that has gone."""
        return AgentRetired(
            agent_id=agent_id(name), version=version, at=self.now, name=name, **said
        )

    async def paused(self, queue: str = QUEUE) -> None:
        """Pause a queue."""
        await self.store.queues.set(QueuePaused(**await self._next_of(queue)))

    async def resumed(self, queue: str = QUEUE) -> None:
        """Open a queue again."""
        await self.store.queues.set(QueueResumed(**await self._next_of(queue)))

    async def limited(self, limit: int | None, queue: str = QUEUE) -> None:
        """Let so many tasks of a queue run at a time."""
        await self.store.queues.set(QueueLimited(**await self._next_of(queue), limit=limit))

    async def _next_of(self, queue: str) -> dict[str, Any]:
        version = (await self.store.queues.get(queue)).version + 1
        return {"queue_id": queue_id(queue), "queue": queue, "version": version, "at": self.now}

    async def turn(
        self,
        incarnation: UUID,
        *wants: Wanted,
        finished: Sequence[Entry] = (),
        begun: Sequence[Beginning] = (),
        total: int = PLENTY,
    ) -> Taken:
        """Let a worker take a turn."""
        turned = await self.store.ready.turn(
            Turn(
                incarnation=incarnation,
                finished=[made.facts[0] for made in finished],
                begun=begun,
                wanted=wants,
                total=total if wants else 0,
            )
        )
        brought = {made.task_id for made in finished} | {made.task.id for made in begun}
        return Taken(
            alive=turned.alive,
            accepted=frozenset(brought - turned.refused if turned.alive else ()),
            claimed=turned.claimed,
        )

    async def claimed(self, incarnation: UUID, *wants: Wanted) -> list[UUID]:
        """Let a worker claim, all it can if it wants nothing in particular; return the tasks."""
        return ids((await self.turn(incarnation, *(wants or (wanted(),)))).claimed)

    def beginning(self, task: Task, incarnation: UUID) -> tuple[Beginning, Task]:
        """Decide that a worker begins a task it has claimed."""
        made, after = decision(task, routed(incarnation=incarnation), started, at=self.now)
        way, start = made.facts
        assert isinstance(way, TaskRouted)
        assert isinstance(start, TaskStarted)
        return Beginning((way, start), after), after

    def remote(self, task: Task, **details: Any) -> RemoteAttempt:
        """Tell of an attempt that is about to be sent to its agent."""
        assert task.attempt_id is not None, "the task is in nobody's hands"
        told: dict[str, Any] = {
            "attempt_id": task.attempt_id,
            "task_id": task.id,
            "agent": task.agent or "ruff",
            "queue": task.queue,
            "sent_at": self.now,
        }
        return RemoteAttempt(**(told | details))

    async def outside(self, incarnation: UUID, **details: Any) -> Task:
        """Let a worker hand a new task over to its agent outside."""
        task = await self.running(incarnation, **details)
        assert await self.store.remote.admit(self.remote(task), PLENTY)
        return await self.then(task, handed_over)

    async def running(self, incarnation: UUID, **details: Any) -> Task:
        """Let a worker claim and begin a new task."""
        task = await self.task(**details)
        row = await self.store.ready.row(task.id)
        assert row is not None
        asks = wanted(kind=task.kind, queue=task.queue, abilities=row.needs)
        assert task.id in await self.claimed(incarnation, asks), "another task was in the way"
        begun, after = self.beginning(task, incarnation)
        turned = await self.turn(incarnation, begun=[begun])
        assert turned.accepted == {task.id}
        return after
