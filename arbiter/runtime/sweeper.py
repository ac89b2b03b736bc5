"""Offers tasks whose moment has come, ends those whose time limit has passed, sets aside the unroutable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from arbiter.application.ports import Clock, Log, ReadyQueue, Swept, Unroutable, entry
from arbiter.domain import verbs
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.status import Status
from arbiter.domain.task import Task, remember

BATCH = 500
LOOK_AGAIN = timedelta(seconds=10)
IDLE_SECONDS = 60.0
SOONEST_SECONDS = 0.05
LOOK_AGAIN_AT_AGENTS = timedelta(seconds=30)
"""What becomes of agents rings; this long at most a missed ring goes unnoticed."""

NO_AGENT = "no live agent of this kind has every required capability"
KEPT_FROM_WORK = "every agent able to do it gets no tasks now: "
MOST_NAMED = 5


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
        offered = await self._ready.offer_set_aside(BATCH)
        set_aside = await self._set_aside(now)
        if offered + set_aside >= BATCH:
            return SOONEST_SECONDS
        pause = self._pause(swept, now)
        return min(pause, LOOK_AGAIN.total_seconds()) if set_aside else pause

    async def _end_overdue(self, now: datetime) -> None:
        overdue = await self._ready.overdue(now, BATCH)
        await self._decide(overdue, lambda task: self._end(task, now), now)

    def _end(self, task: Task, now: datetime) -> Sequence[TaskFact]:
        if task.is_outside:
            return verbs.give_up(task, at=now, chance=self._chance())
        failed = verbs.expire(task, at=now)
        return [failed] if failed is not None else []

    async def _set_aside(self, now: datetime) -> int:
        """Let tasks that nobody may do now leave the front of their lines; say how many."""
        unroutable = await self._ready.unroutable(BATCH)
        reasons = {each.task_id: reason_of(each) for each in unroutable}
        news = [each for each in unroutable if each.set_aside != reasons[each.task_id]]
        if news:
            await self._decide(
                [each.task_id for each in news],
                lambda task: _deferred(task, reasons[task.id], now),
                now,
            )
        for reason in sorted(set(reasons.values())):
            same = [task_id for task_id, why in reasons.items() if why == reason]
            await self._ready.postpone(same, _look_again(reason, now), reason)
        return len(unroutable)

    async def _decide(
        self,
        task_ids: Sequence[UUID],
        decision: Callable[[Task], Sequence[TaskFact]],
        now: datetime,
    ) -> None:
        """Append what is decided about each task."""
        if not task_ids:
            return
        entries = []
        for facts in (await self._log.streams(task_ids)).values():
            task = remember(fact for fact in facts if isinstance(fact, TaskFact))
            if task is None or not task.is_live:
                continue
            decided = decision(task)
            if decided:
                entries.append(entry(task, decided, at=now)[0])
        if entries:
            await self._log.append_many(entries)  # a conflict means it has moved on by itself

    def _pause(self, swept: Swept, now: datetime) -> float:
        moments = [moment for moment in (swept.next_due, swept.next_limit) if moment is not None]
        if not moments:
            return self._idle_seconds
        return min(self._idle_seconds, max(SOONEST_SECONDS, (min(moments) - now).total_seconds()))


def reason_of(unroutable: Unroutable) -> str:
    """Tell why a task waits; the same words for as long as nothing has changed."""
    if not unroutable.kept:
        return NO_AGENT
    told = [f"{name} ({why})" for name, why in sorted(unroutable.kept.items())]
    more = f" and {len(told) - MOST_NAMED} more" if len(told) > MOST_NAMED else ""
    return f"{KEPT_FROM_WORK}{', '.join(told[:MOST_NAMED])}{more}"


def _look_again(reason: str, now: datetime) -> datetime:
    return now + (LOOK_AGAIN if reason == NO_AGENT else LOOK_AGAIN_AT_AGENTS)


def _deferred(task: Task, reason: str, now: datetime) -> Sequence[TaskFact]:
    if task.status is not Status.QUEUED or task.deferred == reason:
        return []
    return [verbs.defer(task, reason, _look_again(reason, now), at=now)]
