"""Says things in the background until they are said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import chain, repeat

from arbiter.application.ports import Scheduler
from arbiter.domain.errors import ArbiterError, Unavailable

log = logging.getLogger(__name__)

SAY_AGAIN_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)

Report = Callable[[], Awaitable[object]]


class Reporter:
    """Makes each report, and makes it again while the database is away."""

    def __init__(self, scheduler: Scheduler, said: Callable[[], object]) -> None:
        """`said` is called when a report has been made, or given up."""
        self._scheduler, self._said = scheduler, said
        self._under_way: set[asyncio.Future[object]] = set()
        self._hopeless = False

    @property
    def is_busy(self) -> bool:
        """Something is still to be said."""
        return bool(self._under_way)

    def insist(self, report: Report) -> asyncio.Future[object]:
        """Make a report, in the background; done when it is made."""
        future: asyncio.Future[object] = asyncio.ensure_future(
            self._scheduler.start(self._insisting(report), name="arbiter report")
        )
        self._under_way.add(future)
        future.add_done_callback(self._forget)
        return future

    def lose_hope(self) -> None:
        """Make no report again whose first words nobody heard."""
        self._hopeless = True

    async def finish(self, seconds: float) -> None:
        """Wait for what is being said; what takes longer is left to those who rescue."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=seconds)
            for report in late:
                report.cancel()

    async def _insisting(self, report: Report) -> None:
        for pause in chain(SAY_AGAIN_SECONDS, repeat(SAY_AGAIN_SECONDS[-1])):
            try:
                await report()
            except Unavailable as away:
                if self._hopeless:
                    return
                log.warning("a report cannot be appended: %s; again in %g s", away, pause)
                await self._scheduler.sleep(pause)
            except ArbiterError as error:
                log.warning("a report could not be appended: %s", error)
                return
            except Exception:
                log.exception("a report failed")
                return
            else:
                return

    def _forget(self, future: asyncio.Future[object]) -> None:
        self._under_way.discard(future)
        self._said()
