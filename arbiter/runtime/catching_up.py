"""Brings the views up to the log for a reader who does not want to wait for a worker's projector."""

from __future__ import annotations

from arbiter.application.ports import Clock, Scheduler
from arbiter.domain.errors import Unavailable
from arbiter.projections.catalogue import PROJECTIONS
from arbiter.runtime.projecting import Projecting
from arbiter.runtime.store import Store

MOST = 2_000
"""Facts in one batch, at most."""

LOOK_AGAIN = 0.02
"""Seconds until another look, while somebody else writes the views."""


async def catch_up(store: Store, clock: Clock, scheduler: Scheduler, seconds: float) -> int:
    """Bring the views to where the log ends now, for so long at most; return the facts still missing.

    Whoever leads already does it for us; without a leader we do it. Stopped projections stay behind.
    """
    target = await store.log.last_position()
    deadline = clock.monotonic() + seconds
    projecting = Projecting(PROJECTIONS, store.ledger, store.log, clock=clock, scheduler=scheduler)
    try:
        while missing := await _missing(store, target):
            if clock.monotonic() >= deadline:
                return missing
            try:
                done = await projecting.run_once(MOST)
            except Unavailable:  # the views are as they are
                return missing
            if not done.facts:
                await scheduler.sleep(LOOK_AGAIN)
    finally:
        await projecting.close()
    return 0


async def _missing(store: Store, target: int) -> int:
    running = [state.position for state in await store.views.projections() if state.error is None]
    return max(0, target - min(running, default=target))
