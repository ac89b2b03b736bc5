"""Brings the views up to the log, in batches, a projection at fault being left behind alone."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any
from uuid import UUID

from arbiter.application.ports import Bell, Clock, Log, Recorded, Scheduler
from arbiter.domain.errors import Unavailable
from arbiter.projections.base import Batch, Projection, line_at, tasks_before
from arbiter.projections.catalogue import PROJECTIONS
from arbiter.projections.ledger import Ledger, Tracked, Writing
from arbiter.projections.task_board import TaskBoard
from arbiter.projections.task_line import TaskLine
from arbiter.runtime.loop import Loop

MOST = 2_000
"""Facts in one batch, at most."""

MOST_WHILE_BUSY = 250
"""Folding holds the loop for some milliseconds; handlers must not wait for that."""

GIVE_WAY = 4
"""While the worker is busy, rest so many times as long as a batch took."""

POLL_SECONDS = 30.0
"""A ring may be missed; this long at most it goes unnoticed."""

COALESCE_SECONDS = 0.05
"""Rings within this time are one."""

FOLLOW_SECONDS = 5.0
"""How often somebody who does not lead asks, while the bell rings, whether it may."""

log = logging.getLogger(__name__)


class Projector:
    """Folds the log into the views; of all that run, one leads."""

    def __init__(
        self,
        ledger: Ledger,
        facts: Log,
        bell: Bell,
        *,
        clock: Clock,
        scheduler: Scheduler,
        busy: Callable[[], bool] = lambda: False,
        projections: Sequence[Projection[Any]] = PROJECTIONS,
    ) -> None:
        """`busy` tells whether the worker of this process has more to do than it can."""
        self._ledger, self._log, self._bell = ledger, facts, bell
        self._clock, self._scheduler, self._busy = clock, scheduler, busy
        self._projections = {projection.name: projection for projection in projections}
        self._ahead: tuple[int, int, Awaitable[Sequence[Recorded]]] | None = None
        self._leads = True
        self._loop = Loop("projector", self._step, scheduler)
        self._rung = self._alarm_set = False
        self._rested_until = 0.0
        self._leave: Callable[[], None] | None = None

    # ── Running ─────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin to follow the log."""
        self._leave = self._bell.listen(self._heard)
        self._loop.start()

    async def stop(self) -> None:
        """Finish the batch at hand, and no other."""
        if self._leave is not None:
            self._leave()
        await self._loop.stop()
        await self._forget_ahead()
