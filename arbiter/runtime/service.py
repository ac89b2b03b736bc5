"""Arbiter itself, on its loop: both doors lead here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from arbiter.application.agent_finder import AgentFinder
from arbiter.application.agents import queue_id
from arbiter.application.answers import Redriven, TaskView
from arbiter.application.kinds import KnownKinds
from arbiter.application.orchestrator import Orchestrator
from arbiter.application.ports import AGENT_LIMIT, Clock, LiveWorker, QueueState
from arbiter.application.ready_row import ReadyRow
from arbiter.application.registry import Registry
from arbiter.application.remote.answer import ROOM
from arbiter.application.views import Stats, TaskFilter
from arbiter.domain import facts as f
from arbiter.domain.breaker import DEFAULT_POLICY, Policy
from arbiter.domain.commands import Redrive, Submit
from arbiter.domain.errors import Conflict, InvalidInput, Stopped, UnknownTask, WaitTimeout
from arbiter.runtime.catching_up import catch_up
from arbiter.runtime.clock import DatabaseClock
from arbiter.runtime.engine import OVER
from arbiter.runtime.follower import Follower
from arbiter.runtime.hosted import HostedAgent
from arbiter.runtime.knowledge import Sources
from arbiter.runtime.registry_keeper import STALE_SECONDS, RegistryKeeper
from arbiter.runtime.scheduler import AsyncioScheduler
from arbiter.runtime.seen_here import SeenHere
from arbiter.runtime.store import Store
from arbiter.runtime.transports.callbacks import Acquaintance, Callbacks
from arbiter.runtime.transports.hosting import secret_of
from arbiter.runtime.transports.http import HttpAgent
from arbiter.runtime.transports.listener import Listener
from arbiter.runtime.transports.remote import Outbound, Surroundings, outbound
from arbiter.runtime.worker import Background, Hosting, Outside, Worker

log = logging.getLogger(__name__)
POLL_WITHOUT_BELL = 0.2
Decision = Callable[[QueueState, datetime], f.QueueFact | None]
"""What to do about a queue as it stands; None for nothing."""


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """How things stand: tasks, throughput and latency, workers, and how far the views are behind."""

    stats: Stats
    queues: Mapping[str, Mapping[str, int]]
    """Tasks by queue, then by status."""

    paused: Sequence[str]
    limits: Mapping[str, int]
    workers: Sequence[LiveWorker]
    running_here: int
    lag: Mapping[str, int]
    """Positions each projection is behind the log."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a service hosts and polls."""

    hosting: Hosting
    drain_seconds: float
    breaker_policy: Policy = DEFAULT_POLICY
    callback_listen: str | None = None
    callback_url: str | None = None
    agent_limit: int = AGENT_LIMIT
    agent_stale_seconds: float = STALE_SECONDS
    projector: Callable[[Store, Callable[[], bool]], Background] | None = None
    keepers: Callable[[Store, SeenHere], Sequence[Background]] | None = None
    """What answers the views: breakers, alerts."""


class Service:
    """One store, one orchestrator, and a worker once it is started."""

    def __init__(
        self,
        store: Store,
        plan: Plan,
        *,
        clock: DatabaseClock,
        scheduler: AsyncioScheduler,
        new_id: Callable[[datetime], UUID],
        chance: Callable[[], float],
    ) -> None:
        """Nothing is open yet."""
        self.store, self._plan = store, plan
        self._clock, self._scheduler = clock, scheduler
        self._new_id, self._chance = new_id, chance
        self._agents: dict[str, HostedAgent] = {}
        self._worker: Worker | None = None
        self._listener: Listener | None = None
        self._opening = asyncio.Lock()
        self._is_open = self._is_over = False
        self.orchestrator: Orchestrator
        self.registry: Registry
        self.agents: AgentFinder
        self.callbacks: Callbacks
        self.follower: Follower
        self.kinds: KnownKinds

    @property
    def is_open(self) -> bool:
        """It is connected."""
        return self._is_open

    async def open(self) -> None:
        """Connect at first use."""
        if not self._is_open:
            if self._is_over:
                raise Stopped(OVER)
            async with self._opening:
                await self._open()

    async def _open(self) -> None:
        if not self._is_open:
            await self.store.open()
            self.kinds = KnownKinds(self.store.directory)
            self.orchestrator = Orchestrator(
                log=self.store.log,
                ready=self.store.ready,
                clock=self._clock,
                kinds=self.kinds,
                new_id=self._new_id,
                chance=self._chance,
            )
            store, limit = self.store, self._plan.agent_limit
            self.registry = Registry(store.directory, self._clock, limit=limit)
            self.agents = AgentFinder(
                store.directory,
                store.views.task_board,
                store.records,
                self._clock,
                limit=limit,
            )
            self.callbacks = Callbacks(
                attempts=store.remote,
                orchestrator=self.orchestrator,
                log=store.log,
                clock=self._clock,
                who_is=self._who_is,
                result_limit=self._plan.hosting.result_limit,
            )
            self.follower = Follower(
                self.store.log,
                self.store.bell,
                self._scheduler,
                self.orchestrator,
                poll_seconds=self._poll_seconds,
            )
            await self.follower.start()
            self.kinds.declare(_kinds_of(self._agents.values()))
            self._is_open = True

    @property
    def _poll_seconds(self) -> float:
        wanted = self._plan.hosting.poll_seconds
        return wanted if self.store.hears else min(wanted, POLL_WITHOUT_BELL)

    @property
    def clock(self) -> Clock:
        """The database's time."""
        return self._clock

    @property
    def is_hosting(self) -> bool:
        """A worker runs here."""
        return self._worker is not None

    @property
    def running(self) -> int:
        """How many handlers run here now."""
        return self._worker.running if self._worker is not None else 0

    def declare(self, agent: HostedAgent) -> None:
        """Host an agent from the next start on; its kinds are known here at once."""
        if agent.name in self._agents:
            raise InvalidInput(
                "name", f"agent {agent.name!r} is declared twice", "use another name"
            )
        if self._worker is not None:
            raise InvalidInput("name", "the worker has started", "declare agents before start()")
        self._agents[agent.name] = agent
        if self._is_open:
            self.kinds.declare(_kinds_of([agent]))

    async def start(self) -> None:
        """Host the declared agents: register them, claim, execute."""
        await self.open()
        if self._worker is not None:
            return
        if not self._agents:
            raise InvalidInput(
                "agents", "there is nothing to host", "declare one with @arbiter.agent(…)"
            )
        hosting = self._plan.hosting
        seen = SeenHere(self._plan.breaker_policy)
        await self._listen()
        self._bind()
        worker = Worker(
            Outside(
                orchestrator=self.orchestrator,
                log=self.store.log,
                ready=self.store.ready,
                assignments=self.store.assignments,
                leases=self.store.leases,
                directory=self.store.directory,
                breakers=self.store.breakers,
                remote=self.store.remote,
                registry=self.registry,
                bell=self.store.bell,
                clock=self._clock,
                scheduler=self._scheduler,
                beats=self.store.beats,
                knows=Sources(
                    statuses=self.store.directory,
                    standings=self.store.breakers,
                    records=self.store.records,
                ),
                seen=seen,
            ),
            list(self._agents.values()),
            replace(hosting, poll_seconds=self._poll_seconds),
            beside=self._beside(seen),
        )
        self._worker = worker
        try:
            await worker.start()
        except BaseException:
            self._worker = None
            await self._hear_nobody()
            raise

    async def _listen(self) -> None:
        """Take in the answers of agents outside, where the settings say so."""
        address = self._plan.callback_listen
        if address is None or self._listener is not None:
            return
        listener = Listener(
            address,
            self.callbacks.report,
            most=self._plan.hosting.result_limit + ROOM,
            url=self._plan.callback_url,
        )
        await listener.open()
        self._listener = listener

    async def _hear_nobody(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            await listener.close()

    @property
    def callback_url(self) -> str | None:
        """Where agents outside send their answers to; None where nobody takes them in."""
        return self._listener.url if self._listener is not None else self._plan.callback_url

    async def _who_is(self, name: str) -> Acquaintance:
        hosted = self._agents.get(name)
        if hosted is not None and isinstance(hosted.handler, HttpAgent):
            return Acquaintance(hosted.handler.secret, hosted.profile.cost_per_task)
        known = await self.store.directory.agent(name)
        if known is None or known.profile.reached_by is None:
            return Acquaintance()
        with suppress(InvalidInput):  # the variable is not set here
            secret = secret_of(known.profile.reached_by)
            return Acquaintance(secret, known.profile.cost_per_task)
        return Acquaintance()

    def _bind(self) -> None:
        """Tell the agents outside who hosts them."""
        around = Surroundings(
            result_limit=self._plan.hosting.result_limit,
            now=self._clock.now,
            attempts=self.store.remote,
            callbacks=self.callback_url,
        )
        for handler in self._outbound():
            handler.bind(around)

    def _outbound(self) -> list[Outbound]:
        handlers = [outbound(agent.handler) for agent in self._agents.values()]
        return [handler for handler in handlers if handler is not None]

    def _beside(self, seen: SeenHere) -> list[Background]:
        plan = self._plan
        keeper = RegistryKeeper(
            self.registry, self.agents, self._scheduler, stale_seconds=plan.agent_stale_seconds
        )
        beside = [keeper, *(plan.keepers(self.store, seen) if plan.keepers is not None else ())]
        if plan.projector is not None:
            is_busy = lambda: bool(self._worker and self._worker.is_busy())  # noqa: E731
            beside.append(plan.projector(self.store, is_busy))
        return beside

    async def drain(self, seconds: float | None = None, hurry: asyncio.Event | None = None) -> int:
        """Stop hosting; let handlers finish for so long, give back the rest; say how many."""
        worker = self._worker
        if worker is None:
            return 0
        try:
            return await worker.stop(
                self._plan.drain_seconds if seconds is None else seconds, hurry
            )
        finally:
            self._worker = None
            await self._hear_nobody()

    async def close(self, drain_seconds: float | None = None) -> None:
        """Drain and disconnect, for good."""
        self._is_over = True
        try:
            if self._is_open:
                await self._disconnect(drain_seconds)
        finally:
            self._scheduler.close()

    async def _disconnect(self, drain_seconds: float | None) -> None:
        try:
            await self.drain(drain_seconds)
        finally:
            self._is_open = False
            for handler in self._outbound():
                await handler.close()
            await self.follower.stop()
            await self.store.close()

    async def wait(self, task_id: UUID, seconds: float | None) -> TaskView:
        """Return the task when its run is over. Raises UnknownTask, WaitTimeout."""
        try:
            await asyncio.wait_for(self.follower.ended(task_id), seconds)
        except TimeoutError:
            now = await self.orchestrator.status(task_id)
            if now.has_ended:
                return now
            raise WaitTimeout(task_id, now.status, seconds or 0.0) from None
        return await self.orchestrator.status(task_id)

    async def known(self, command: Submit) -> Orchestrator:
        """Return the orchestrator, if the command's kind was ever hosted. Raises UnknownKind."""
        await self.orchestrator.know(command)
        return self.orchestrator

    async def overview(self, window_minutes: int | None = 60) -> Overview:
        """Return how things stand."""
        views = self.store.views
        switches = await self.store.queues.all()
        return Overview(
            stats=await views.stats.read(window_minutes=window_minutes, now=self._clock.now()),
            queues={depth.queue: depth.statuses for depth in await views.queue_depth.all()},
            paused=[switch.queue for switch in switches if switch.paused],
            limits={
                switch.queue: switch.running_limit
                for switch in switches
                if switch.running_limit is not None
            },
            workers=await self.store.leases.workers(),
            running_here=self.running,
            lag=await views.lag(),
        )

    async def catch_up(self, seconds: float) -> int:
        """Bring the views to where the log ends now; return how many facts they still miss."""
        return await catch_up(self.store, self._clock, self._scheduler, seconds)

    async def redrive_where(
        self,
        wanted: TaskFilter,
        command: Callable[[UUID], Redrive],
        *,
        preview: bool,
        limit: int,
    ) -> Redriven:
        """Redrive every parked task a filter finds; with `preview`, only say which."""
        parked = msgspec.structs.replace(wanted, statuses=frozenset({"failed"}))
        matched: list[UUID] = []
        after: str | None = None
        while len(matched) < limit:
            page = await self.store.views.task_board.find(
                parked, after=after, limit=min(500, limit - len(matched))
            )
            matched.extend(line.task_id for line in page.tasks)
            after = page.next
            if after is None:
                break
        return await self.orchestrator.redrive_many(matched, command, preview=preview)

    async def stale(self, older_than: timedelta, limit: int) -> Sequence[ReadyRow]:
        """Return tasks that have been offered and never started for so long, oldest first."""
        return await self.store.ready.waiting_since(self._clock.now() - older_than, limit)

    async def switch_queue(self, queue: str, make: Decision) -> QueueState:
        """Decide about a queue; nothing is appended when it stands so already."""
        for _ in range(10):
            state = await self.store.queues.get(queue)
            fact = make(state, self._clock.now())
            if fact is None:
                return state
            try:
                await self.store.queues.set(fact)
            except Conflict:
                continue
            return await self.store.queues.get(queue)
        raise Conflict(queue_id(queue), 0)

    async def facts_of(self, task_id: UUID) -> Sequence[f.Fact]:
        """Return the facts of one task. Raises UnknownTask."""
        facts = await self.store.log.stream(task_id)
        if not facts:
            raise UnknownTask(task_id)
        return facts


def _kinds_of(agents: Iterable[HostedAgent]) -> frozenset[str]:
    return frozenset(kind for agent in agents for kind in agent.profile.kinds)


def paused(queue: str, by: str | None, why: str | None) -> Decision:
    """Pause a queue."""
    return lambda state, at: (
        None if state.paused else f.QueuePaused(**_next(state, queue, at, by, why))
    )


def resumed(queue: str, by: str | None, why: str | None) -> Decision:
    """Open a queue again."""
    return lambda state, at: (
        f.QueueResumed(**_next(state, queue, at, by, why)) if state.paused else None
    )


def limited(queue: str, limit: int | None, by: str | None, why: str | None) -> Decision:
    """Bound how many tasks of a queue run at a time."""

    def make(state: QueueState, at: datetime) -> f.QueueFact | None:
        if state.running_limit == limit:
            return None
        return f.QueueLimited(limit=limit, **_next(state, queue, at, by, why))

    return make


def _next(
    state: QueueState, queue: str, at: datetime, by: str | None, why: str | None
) -> dict[str, Any]:
    return {
        "queue_id": queue_id(queue),
        "queue": queue,
        "version": state.version + 1,
        "at": at,
        "by": by,
        "why": why,
    }
