"""Looks once a minute whether agents do as usual, and says so when they do not."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime

from arbiter.application.ports import Clock, Log, Scheduler
from arbiter.application.views import Views
from arbiter.domain import facts as f
from arbiter.domain.anomalies import answer, unknown
from arbiter.domain.errors import Conflict
from arbiter.domain.performance import POINT_MINUTES, step_of
from arbiter.domain.trends import Point, usual
from arbiter.runtime.loop import Loop

log = logging.getLogger(__name__)
EVERY_SECONDS = 60.0
Whose = tuple[str, str]


class AnomalyKeeper:
    """Appends what follows from the views; of all that run, the first to append was right."""

    def __init__(
        self,
        views: Views,
        facts: Log,
        *,
        clock: Clock,
        scheduler: Scheduler,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        """Nothing runs yet."""
        self._views, self._log, self._clock = views, facts, clock
        self._every_seconds = every_seconds
        self._loop = Loop("anomalies", self._step, scheduler)
        self._usual: dict[Whose, Point | None] = {}
        self._usual_since: datetime | None = None

    def start(self) -> None:
        """Begin to look."""
        self._loop.start()

    async def stop(self) -> None:
        """Finish the look at hand, and take no other."""
        await self._loop.stop()

    async def _step(self) -> float:
        await self.run_once()
        return self._every_seconds

    async def run_once(self) -> int:
        """Look once at everybody who did enough these five minutes; say how many facts came of it."""
        at = self._clock.now()
        now = await self._views.agent_performance.now(at=at)
        if not now:
            return 0
        common = await self._common(now, at)
        known = {each.id: each for each in await self._views.anomalies.all()}
        appended = 0
        for whose, point in sorted(now.items()):
            for new in unknown(*whose):
                fact = answer(known.get(new.id, new), point, common[whose], at=at)
                appended += await self._append(fact)
        return appended

    async def _append(self, fact: f.AnomalyRaised | f.AnomalyResolved | None) -> bool:
        if fact is None:
            return False
        try:
            await self._log.append_facts([fact])
        except Conflict:
            return False  # another worker has said it, or our view has not yet seen what was said
        log.info("%s: %s of %s at %s", fact.topic, fact.type, fact.agent, fact.kind)
        return True

    async def _common(self, whose: Iterable[Whose], at: datetime) -> Mapping[Whose, Point | None]:
        """Return what is usual for each; it is read anew when another point is over."""
        step = step_of(at, POINT_MINUTES)
        if step != self._usual_since:
            self._usual, self._usual_since = {}, step
        missing = [each for each in whose if each not in self._usual]
        if missing:
            points = await self._views.agent_performance.points(missing, before=at)
            self._usual |= {each: usual(points.get(each, ()), at) for each in missing}
        return self._usual
