"""Follows the log when the bell rings, giving way to handlers, and looks now and then all the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from arbiter.application.ports import STOP_WORD, Bell, Clock, Handle, Log, Scheduler
from arbiter.projections.base import Projection
from arbiter.projections.catalogue import PROJECTIONS
from arbiter.projections.ledger import Ledger
from arbiter.runtime.loop import Loop
from arbiter.runtime.projecting import Projecting

MOST = 2_000
"""Facts in one batch, at most."""

MOST_WHILE_BUSY = 250
"""Folding holds the loop for a while; handlers must not wait long for that."""

GIVE_WAY = 4
"""While the worker is busy, rest so many times as long as a batch took."""

POLL_SECONDS = 30.0
"""A ring may be missed; this long at most that goes unnoticed."""

COALESCE_SECONDS = 0.05
"""Rings within this time are one."""

FOLLOW_SECONDS = 5.0
"""When to ask again whether there is something to do, after another was found leading."""


class Projector:
    """Keeps the views up to the log; of all that run, one leads."""

    def __init__(
        self,
        ledger: Ledger,
        facts: Log,
        bell: Bell,
        *,
        clock: Clock,
        scheduler: Scheduler,
        busy: Callable[[], bool] = lambda: False,
        poll_seconds: float = POLL_SECONDS,
        projections: Sequence[Projection[Any]] = PROJECTIONS,
    ) -> None:
        """`busy` tells whether the worker of this process has its hands full."""
        self._projecting = Projecting(projections, ledger, facts, clock=clock, scheduler=scheduler)
        self._bell, self._clock, self._scheduler, self._busy = bell, clock, scheduler, busy
        self._poll_seconds = poll_seconds
        self._loop = Loop("projector", self._step, scheduler)
        self._quiet_until = 0.0
        self._stepping = self._rung = False
        self._ringing: Handle | None = None
        self._leave: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin to follow the log."""
        self._leave = self._bell.listen(self._heard)
        self._loop.start()

    async def stop(self) -> None:
        """Finish the batch at hand, and begin no other."""
        if self._leave is not None:
            self._leave()
        await self._loop.stop()
        self._silence()
        await self._projecting.close()

    async def run_once(self) -> int:
        """Take one batch; return how many facts it held, 0 when there is nothing for us to do."""
        return (await self._projecting.run_once(self._most())).facts

    def _most(self) -> int:
        return MOST_WHILE_BUSY if self._busy() else MOST

    async def _step(self) -> float | None:
        self._silence()
        self._stepping, self._rung = True, False
        try:
            return await self._take_one()
        finally:
            self._stepping = False
            if self._rung:
                self._ring_later()

    async def _take_one(self) -> float:
        began = self._clock.monotonic()
        done = await self._projecting.run_once(self._most())
        now = self._clock.monotonic()
        rest = GIVE_WAY * (now - began) if done.facts and self._busy() else 0.0
        if not done.more:
            rest = max(rest, COALESCE_SECONDS if done.leads else FOLLOW_SECONDS)
        self._quiet_until = now + rest
        # Another one that leads may end before it has seen all: so look again soon.
        return rest if done.more or not done.leads else self._poll_seconds

    def _heard(self, words: frozenset[str]) -> None:
        if all(word in {"agents", "counts"} or word.startswith(STOP_WORD) for word in words):
            return
        self._rung = True
        if not self._stepping:
            self._ring_later()

    def _ring_later(self) -> None:
        """Wake the loop once the rest is over; a ring meanwhile is the same ring."""
        wait = self._quiet_until - self._clock.monotonic()
        if wait <= 0:
            self._loop.wake()
        elif self._ringing is None:
            self._ringing = self._scheduler.call_later(wait, self._loop.wake)

    def _silence(self) -> None:
        if self._ringing is not None:
            self._ringing.cancel()
            self._ringing = None
