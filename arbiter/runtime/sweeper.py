"""Offers tasks whose moment has come, ends those whose time limit has passed, sets aside the unroutable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from arbiter.application.ports import Clock, Log, ReadyQueue, Swept, entry
from arbiter.domain import verbs
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.status import Status
from arbiter.domain.task import Task, remember

BATCH = 500
LOOK_AGAIN = timedelta(seconds=10)
IDLE_SECONDS = 60.0
SOONEST_SECONDS = 0.05
NO_AGENT = "no live agent of this kind has every required capability"


class Sweeper:
    """Keeps house in the ready queue; any number of them may run."""

    def __init__(
        self,
        ready: ReadyQueue,
        log: Log,
        clock: Clock,
        chance: Callable[[], float],
        *,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """Nothing is swept yet."""
        self._ready, self._log, self._clock = ready, log, clock
        self._chance = chance
        self._idle_seconds = idle_seconds

    async def run_once(self) -> float:
        """Sweep once; say in how many seconds there will be something to do."""
        now = self._clock.now()
        swept = await self._ready.sweep(now)
        if swept.next_limit is not None and swept.next_limit <= now:
            await self._end_overdue(now)
        await self._set_aside(now)
        return self._pause(swept, now)

    async def _end_overdue(self, now: datetime) -> None:
        overdue = await self._ready.overdue(now, BATCH)
        await self._decide(overdue, lambda task: self._end(task, now), now)

    def _end(self, task: Task, now: datetime) -> Sequence[TaskFact]:
        if task.is_outside:
            return verbs.give_up(task, at=now, chance=self._chance())
        failed = verbs.expire(task, at=now)
        return [failed] if failed is not None else []

    async def _set_aside(self, now: datetime) -> None:
        unroutable = await self._ready.unroutable(BATCH)
        if not unroutable:
            return
        until = now + LOOK_AGAIN
        known = await self._decide(unroutable, lambda task: _deferred(task, until, now), now)
        if known:
            await self._ready.postpone(known, until)

    async def _decide(
        self,
        task_ids: Sequence[UUID],
        decision: Callable[[Task], Sequence[TaskFact]],
        now: datetime,
    ) -> Sequence[UUID]:
        """Append what is decided about each task; return those about which there is nothing to say."""
        if not task_ids:
            return []
        entries, silent = [], []
        for task_id, facts in (await self._log.streams(task_ids)).items():
            task = remember(fact for fact in facts if isinstance(fact, TaskFact))
            if task is None or not task.is_live:
                continue
            decided = decision(task)
            if decided:
                entries.append(entry(task, decided, at=now)[0])
            else:
                silent.append(task_id)
        if entries:
            await self._log.append_many(entries)  # a conflict means it has moved on by itself
        return silent

    def _pause(self, swept: Swept, now: datetime) -> float:
        moments = [moment for moment in (swept.next_due, swept.next_limit) if moment is not None]
        if not moments:
            return self._idle_seconds
        return min(self._idle_seconds, max(SOONEST_SECONDS, (min(moments) - now).total_seconds()))


def _deferred(task: Task, until: datetime, now: datetime) -> Sequence[TaskFact]:
    if task.status is not Status.QUEUED or task.deferred == NO_AGENT:
        return []
    return [verbs.defer(task, NO_AGENT, until, at=now)]
