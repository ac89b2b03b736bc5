"""Follows the log for this process: wakes who waits for a task, and calls who listens for facts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from uuid import UUID

from arbiter.application.orchestrator import Orchestrator
from arbiter.application.ports import Bell, Log, Recorded, Scheduler
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.status import ENDED
from arbiter.runtime.loop import Loop

log = logging.getLogger(__name__)
BATCH = 1000
POLL_SECONDS = 30.0

Deliver = Callable[[Sequence[Recorded]], object]


class Follower:
    """Reads the log only while somebody is interested."""

    def __init__(
        self,
        log: Log,
        bell: Bell,
        scheduler: Scheduler,
        orchestrator: Orchestrator,
        *,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        """Nobody is interested yet."""
        self._log, self._bell, self._orchestrator = log, bell, orchestrator
        self._poll_seconds = poll_seconds
        self._position = 0
        self._waiting: dict[UUID, set[asyncio.Future[None]]] = {}
        self._listeners: dict[int, tuple[str, int, Deliver]] = {}
        self._next = 0
        self._following = Loop("follower", self.run_once, scheduler)
        self._stop_listening: Callable[[], None] | None = None

    async def start(self) -> None:
        """Be ready to follow."""
        self._stop_listening = self._bell.listen(lambda _: self._following.wake())
        self._following.start()

    async def stop(self) -> None:
        """Follow no further."""
        if self._stop_listening is not None:
            self._stop_listening()
        await self._following.stop()

    async def ended(self, task_id: UUID) -> None:
        """Return when the task's run is over. Raises UnknownTask."""
        if not self._waiting and not self._listeners:
            await self._keep_up()
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(task_id, set()).add(over)
        try:
            # Look only after we are in line, so that an end in between is not missed.
            if not (await self._orchestrator.load(task_id)).has_ended:
                await over
        finally:
            others = self._waiting.get(task_id)
            if others is not None:
                others.discard(over)
                if not others:
                    del self._waiting[task_id]

    async def listen(self, pattern: str, deliver: Deliver) -> Callable[[], None]:
        """Deliver every later fact whose topic matches, in order; returns the way out."""
        now = await self._keep_up()
        self._next += 1
        ear = self._next
        self._listeners[ear] = (pattern, now, deliver)
        self._following.wake()
        return lambda: self._listeners.pop(ear, None) and None

    async def _keep_up(self) -> int:
        """Begin at the end of the log when nobody was interested until now; tell where that is."""
        end = await self._log.last_position()
        if not self._waiting and not self._listeners:
            self._position = max(self._position, end)
        return end

    async def run_once(self) -> float:
        """Read what is new and tell who cares."""
        if not self._waiting and not self._listeners:
            return self._poll_seconds
        batch = await self._log.read(self._position, BATCH)
        if not batch:
            return self._poll_seconds
        self._position = max(self._position, batch[-1].position)
        self._tell_waiting(batch)
        self._tell_listeners(batch)
        return 0.0 if len(batch) == BATCH else self._poll_seconds

    def _tell_waiting(self, batch: Sequence[Recorded]) -> None:
        for recorded in batch:
            fact = recorded.fact
            if not isinstance(fact, TaskFact) or fact.becomes not in ENDED:
                continue
            for over in self._waiting.get(fact.task_id, ()):
                if not over.done():
                    over.set_result(None)

    def _tell_listeners(self, batch: Sequence[Recorded]) -> None:
        for pattern, after, deliver in list(self._listeners.values()):
            matching = [
                each
                for each in batch
                if each.position > after and fnmatchcase(each.fact.topic, pattern)
            ]
            if matching:
                try:
                    deliver(matching)
                except Exception:
                    log.exception("a listener for %s failed", pattern)
