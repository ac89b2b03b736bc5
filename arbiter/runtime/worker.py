"""A worker: hosts agents under one incarnation, and does its share of keeping house for all."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol
from uuid import UUID

from arbiter.application.orchestrator import Orchestrator
from arbiter.application.ports import (
    ASSIGNED_WORD,
    STOP_WORD,
    Assignments,
    Beat,
    Bell,
    Breakers,
    Directory,
    Elsewhere,
    Handle,
    Leases,
    Log,
    ReadyQueue,
    RemoteAttempts,
    Scheduler,
)
from arbiter.application.registry import Registry
from arbiter.application.routing import Learned, RoutingPlan
from arbiter.domain import facts as f
from arbiter.domain.routing import Router
from arbiter.runtime.clock import DatabaseClock
from arbiter.runtime.dispatcher import Dispatcher
from arbiter.runtime.hosted import HostedAgent, Roster
from arbiter.runtime.isolation import Processes
from arbiter.runtime.knowledge import Knowledge, Sources
from arbiter.runtime.lease_keeper import LeaseKeeper
from arbiter.runtime.loop import Loop
from arbiter.runtime.reaper import Reaper
from arbiter.runtime.seen_here import SeenHere
from arbiter.runtime.sharing import Sharing
from arbiter.runtime.sweeper import IDLE_SECONDS, Sweeper
from arbiter.runtime.transports.occupancy import Occupancy
from arbiter.runtime.transports.probing import Probing

log = logging.getLogger(__name__)

BeatShell = Callable[[Callable[[Leases], Awaitable[float]]], Callable[[], Awaitable[None]]]
"""Runs beats where nothing can hold them up (a thread with a connection of its own); returns how to stop."""


LEAVING_TRIES = 3
"""How often a worker that leaves gives back what came meanwhile, before it leaves that to others."""

SWEEP_FOR_LATER = 0.02
SWEEP_FOR_READY = 1.0
"""What was offered may be unroutable, or have a time limit: to be looked at, but not each time."""


SLOWEST_MEASURE_SECONDS = 1.0
"""A beat that took longer does not tell the database's time well enough to set the clock by."""


class Background(Protocol):
    """Something that runs beside the dispatching: the projector."""

    def start(self) -> None:
        """Begin."""
        ...

    async def stop(self) -> None:
        """End after the step under way."""
        ...


@dataclass(frozen=True, kw_only=True)
class Hosting:
    """How a worker hosts: its queues, its slots, its beat."""

    worker: str = ""
    queues: tuple[str, ...] = ("default",)
    slots: int = 10
    beat_seconds: float = 5.0
    lease_seconds: float = 30.0
    poll_seconds: float = 30.0
    result_limit: int = 256 * 1024
    routing: RoutingPlan = field(default_factory=RoutingPlan)


@dataclass(frozen=True, kw_only=True)
class Outside:
    """What a worker needs from the outside."""

    orchestrator: Orchestrator
    log: Log
    ready: ReadyQueue
    assignments: Assignments
    leases: Leases
    directory: Directory
    breakers: Breakers
    remote: RemoteAttempts
    registry: Registry
    bell: Bell
    clock: DatabaseClock
    scheduler: Scheduler
    beats: BeatShell
    knows: Sources
    seen: SeenHere


class Worker:
    """Claims and executes tasks until it is drained."""

    def __init__(
        self,
        outside: Outside,
        agents: Sequence[HostedAgent],
        hosting: Hosting,
        *,
        router: Router | None = None,
        beside: Sequence[Background] = (),
    ) -> None:
        """Nothing runs yet."""
        self._out, self._agents, self._hosting = outside, list(agents), hosting
        learned = Learned(hosting.routing, outside.clock.monotonic)
        self._router: Router = router or learned
        self._beside = beside
        # One for all incarnations: a handler of a former life keeps its slot until it has really stopped.
        self._roster = Roster({agent.name: agent for agent in self._agents}, hosting.slots)
        outside.seen.shut = self._roster.shut
        self._knowledge = Knowledge(
            outside.knows,
            self._roster,
            learned if router is None else None,
            clock=outside.clock,
            scheduler=outside.scheduler,
            is_busy=self.is_busy,
            opened=self._more_room,
            poll_seconds=hosting.poll_seconds,
            elsewhere=self._elsewhere,
        )
        self._processes = Processes(outside.scheduler)
        self._reaper = Reaper(
            outside.leases,
            outside.log,
            outside.ready,
            outside.clock,
            outside.orchestrator.chance,
            lease_seconds=hosting.lease_seconds,
        )
        sweeper = Sweeper(
            outside.ready,
            outside.log,
            outside.clock,
            outside.orchestrator.chance,
            idle_seconds=min(IDLE_SECONDS, 2 * hosting.poll_seconds),
        )
        self._reaping = Loop("reaper", self._reaper.run_once, outside.scheduler)
        self._sweeping = Loop("sweeper", sweeper.run_once, outside.scheduler)
        self._rechecking = Loop("recheck", self._recheck, outside.scheduler)
        self._occupancy = Occupancy(
            self._roster,
            outside.remote,
            outside.scheduler,
            me=self._current,
            freed=self._more_room,
        )
        self._roster.outside = self._occupancy.look
        self._probing = Probing(
            self._agents,
            outside.directory,
            outside.clock,
            outside.scheduler,
            self._occupancy.look,
        )
        self._rejoining = Loop("rejoin", self._rejoin, outside.scheduler)
        self.incarnation: UUID | None = None
        self._dispatcher: Dispatcher | None = None
        self._is_lost = self._has_others = False
        self._next_sweep: tuple[float, Handle] | None = None
        self._stop_listening: Callable[[], None] | None = None
        self._stop_beating: Callable[[], Awaitable[None]] | None = None
        self.left = asyncio.Event()

    @property
    def running(self) -> int:
        """How many handlers run now."""
        return self._dispatcher.running if self._dispatcher is not None else 0

    def is_busy(self) -> bool:
        """Dispatching has work; what can wait should."""
        return self._dispatcher is not None and self._dispatcher.is_busy

    async def start(self) -> None:
        """Register the agents, join, and begin to claim."""
        for agent in [await self._out.registry.host(each.profile) for each in self._agents]:
            if not agent.status.takes_work:
                log.warning("agent %s gets no tasks: it is %s", agent.name, agent.status.value)
        # We listen before we look, so that no ring is missed in between.
        self._stop_listening = self._out.bell.listen(self._heard)
        try:
            await self._knowledge.start()
            await self._join()
        except BaseException:
            self._stop_listening()
            await self._knowledge.stop()
            raise
        self._stop_beating = self._out.beats(self._beat)
        for loop in (
            self._reaping,
            self._sweeping,
            self._rechecking,
            self._rejoining,
        ):
            loop.start()
        self._occupancy.start()
        self._probing.start()
        for background in self._beside:
            background.start()

    async def stop(self, drain_seconds: float, hurry: asyncio.Event | None = None) -> int:
        """Drain, leave, and stop; setting `hurry` ends the draining at once. Say how many were given back."""
        released = 0
        for loop in (self._rejoining, self._rechecking):
            await loop.stop()
        try:
            if self._dispatcher is not None:
                released = await self._dispatcher.drain(drain_seconds, hurry or asyncio.Event())
        finally:
            await self._stand_down()
        await self._leave(released)
        self.left.set()
        return released

    async def _stand_down(self) -> None:
        """Stop all that goes on beside the dispatching; who beats no more can be rescued from."""
        if self._stop_listening is not None:
            self._stop_listening()
        await self._knowledge.stop()
        if self._stop_beating is not None:
            await self._stop_beating()
        await self._reaping.stop()
        await self._sweeping.stop()
        await self._probing.stop()
        await self._occupancy.stop()
        for background in self._beside:
            await background.stop()

    async def _join(self) -> None:
        now = self._out.clock.now()
        incarnation = self._out.orchestrator.new_id(now)
        hosting = self._hosting
        await self._out.leases.join(
            f.WorkerJoined(
                incarnation=incarnation,
                version=1,
                at=now,
                worker=hosting.worker or f"{socket.gethostname()}:{os.getpid()}",
                host=socket.gethostname(),
                pid=os.getpid(),
                agents=tuple(sorted(agent.name for agent in self._agents)),
                queues=hosting.queues,
            )
        )
        self.incarnation, self._is_lost = incarnation, False
        sharing = Sharing(
            incarnation,
            neighbours=self._knowledge.neighbours,
            assignments=self._out.assignments,
            orchestrator=self._out.orchestrator,
            facts=self._out.log,
            clock=self._out.clock,
            queues=hosting.queues,
        )
        self._dispatcher = Dispatcher(
            incarnation=incarnation,
            orchestrator=self._out.orchestrator,
            log=self._out.log,
            ready=self._out.ready,
            breakers=self._out.breakers,
            clock=self._out.clock,
            scheduler=self._out.scheduler,
            router=self._router,
            roster=self._roster,
            sharing=sharing,
            queues=hosting.queues,
            isolated=self._processes.run,
            seen=self._out.seen,
            lost=partial(self._lost, incarnation),
            poll_seconds=hosting.poll_seconds,
            result_limit=hosting.result_limit,
        )
        self._dispatcher.start()

    async def _leave(self, released: int) -> None:
        if self.incarnation is None:
            return
        for _ in range(LEAVING_TRIES):
            now = self._out.clock.now()
            await self._out.ready.forget(self.incarnation, now)
            if await self._out.leases.leave(
                f.WorkerLeft(incarnation=self.incarnation, version=2, at=now, released=released)
            ):
                return
            if self._dispatcher is not None:  # others may have given us tasks up to now
                released += await self._dispatcher.give_back_given()
        log.warning("this worker could not give back all its tasks: others will rescue them")

    async def _beat(self, leases: Leases) -> float:
        """Beat once (in the shell's thread, on the shell's connection)."""
        incarnation = self._current()
        keeper = LeaseKeeper(
            leases,
            self._out.clock,
            incarnation,
            partial(self._after_beat, incarnation),
            beat_seconds=self._hosting.beat_seconds,
        )
        return await keeper.run_once()

    def _current(self) -> UUID:
        assert self.incarnation is not None, "a worker beats only after it has joined"
        return self.incarnation

    def _after_beat(self, incarnation: UUID, beat: Beat, took: float) -> None:
        if took < SLOWEST_MEASURE_SECONDS:
            self._out.clock.follow(beat.now, took)
        self._reaping.call_soon(partial(self._take_in, incarnation, beat))

    def _take_in(self, incarnation: UUID, beat: Beat) -> None:
        """Take in what a beat has learnt (back on our own loop)."""
        if self._reaper.observe(beat):
            self._reaping.wake()
        if not beat.alive:
            self._lost(incarnation)
        if self.running or (self._dispatcher is not None and self._dispatcher.is_in_doubt):
            self._rechecking.wake()  # a signal to stop may have been missed
        self._has_others = bool(beat.others)
        if beat.others and self._dispatcher is not None:
            self._dispatcher.something_was_given()  # that ring may have been missed, too

    async def _elsewhere(self) -> Sequence[Elsewhere]:
        """Who else hosts agents for what is done here; nobody is asked where there is nobody else."""
        if self.incarnation is None or not self._has_others:
            return ()
        return await self._out.assignments.hosts(
            self.incarnation, self._hosting.queues, self._roster.kinds
        )

    def _more_room(self) -> None:
        """An agent may have work that might not before."""
        if self._dispatcher is not None:
            self._dispatcher.something_is_ready()

    def _heard(self, words: frozenset[str]) -> None:
        self._knowledge.heard(words)
        for word in words:
            if word == "ready" and self._dispatcher is not None:
                self._dispatcher.something_is_ready()
                self._sweep_within(SWEEP_FOR_READY)
            elif word in {"later", "agents"}:
                self._sweep_within(SWEEP_FOR_LATER)
            elif word == "log":
                self._occupancy.news()
            elif word == f"{STOP_WORD}{self.incarnation}":
                self._rechecking.wake()
            elif word == f"{ASSIGNED_WORD}{self.incarnation}" and self._dispatcher is not None:
                self._dispatcher.something_was_given()

    def _sweep_within(self, seconds: float) -> None:
        """Sweep soon; calls that come together lead to one sweep."""
        by = self._out.clock.monotonic() + seconds
        if self._next_sweep is not None:
            planned, alarm = self._next_sweep
            if planned <= by:
                return
            alarm.cancel()
        self._next_sweep = by, self._out.scheduler.call_later(seconds, self._sweep)

    def _sweep(self) -> None:
        self._next_sweep = None
        self._sweeping.wake()

    def _lost(self, incarnation: UUID) -> None:
        if incarnation == self.incarnation and not self._is_lost:
            self._is_lost = True
            self._rejoining.wake()

    async def _rejoin(self) -> None:
        """We were taken for dead: stop what runs, and begin a new incarnation."""
        if not self._is_lost:
            return
        log.warning("this worker was taken for dead; it starts a new incarnation")
        if self._dispatcher is not None:
            await self._dispatcher.abandon()
        await self._join()

    async def _recheck(self) -> None:
        if self._dispatcher is not None:
            await self._dispatcher.recheck()
