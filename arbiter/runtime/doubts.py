"""What the log says of our tasks, where it may differ from what we remember."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from arbiter.application.ports import Clock, Log, ReadyQueue
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.status import Status
from arbiter.domain.task import remember
from arbiter.runtime.attempts import Attempts

RECHECKS_IN_DOUBT = 20
"""How many beats after a lost connection to look for tasks that were begun without our knowing."""

MORE_THAN_WE_KNOW = 2_000
"""How many tasks to look for beyond those whose handlers run here."""


class Doubts:
    """Finds tasks of ours without a handler, and handlers whose task is no longer ours."""

    def __init__(
        self,
        incarnation: UUID,
        attempts: Attempts,
        log: Log,
        ready: ReadyQueue,
        clock: Clock,
        *,
        is_turning: Callable[[], bool],
    ) -> None:
        """Everything is as we remember it."""
        self._incarnation, self._attempts = incarnation, attempts
        self._log, self._ready, self._clock = log, ready, clock
        self._is_turning = is_turning
        self._rechecks = 0
        self._unknown: set[UUID] = set()

    @property
    def are_any(self) -> bool:
        """A turn was lost lately, and may have done something we do not know."""
        return self._rechecks > 0

    async def recover(self, begun: Sequence[UUID], forget_claims: Callable[[], object]) -> None:
        """A turn that failed may have been written or not: ask the log, and keep nothing in doubt."""
        self._rechecks = RECHECKS_IN_DOUBT
        await self._log.barrier(self._incarnation)
        forget_claims()
        await self._ready.forget(self._incarnation, self._clock.now())
        await self._resume(begun)

    async def recheck(self) -> None:
        """Stop every handler whose task no longer runs in our name; run what does and has no handler."""
        before = list(self._attempts.running)
        if not before and not self._rechecks:
            return
        limit = len(before) + MORE_THAN_WE_KNOW
        ours = set(await self._ready.claimed_by(self._incarnation, limit))
        missing = [each for each in before if each.assignment.id not in ours]
        if len(ours) >= limit:  # others have given us more than that: look at each by itself
            missing = [each for each in missing if not await self._is_ours(each.assignment.id)]
        for execution in missing:
            if execution in self._attempts.running:
                self._attempts.stop(execution)
        if self._rechecks:
            await self._pick_up(ours)

    async def _is_ours(self, task_id: UUID) -> bool:
        row = await self._ready.row(task_id)
        if row is None or row.status == Status.QUEUED:
            return False
        return row.claimed_by == self._incarnation

    async def _pick_up(self, ours: set[UUID]) -> None:
        """After a turn nobody answered for: a task that twice runs in our name without us is begun."""
        known = {execution.assignment.id for execution in self._attempts.running}
        unknown = ours - known - {ended.fact.task_id for ended in self._attempts.ended}
        orphans = unknown & self._unknown
        self._unknown = unknown
        self._rechecks -= 1
        if orphans and not self._is_turning():
            await self._resume(list(orphans))

    async def _resume(self, task_ids: Sequence[UUID]) -> None:
        """Begin the handlers of tasks that run in our name without one."""
        for facts in (await self._log.streams(task_ids)).values():
            task = remember(fact for fact in facts if isinstance(fact, TaskFact))
            if task is not None:
                self._attempts.resume(task)
