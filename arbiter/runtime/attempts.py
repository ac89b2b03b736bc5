"""The attempts whose handlers run here: begins them, takes in what they say, and decides how they end."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from arbiter.application.door import checked
from arbiter.application.orchestrator import Orchestrator
from arbiter.application.payloads import to_blob
from arbiter.application.ports import Clock, Log, ReadyQueue, Scheduler, entry
from arbiter.domain import facts as f
from arbiter.domain import verbs
from arbiter.domain.commands import Usage
from arbiter.domain.errors import AttemptFenced, Conflict, IllegalTransition, InvalidInput
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.failures import verdict
from arbiter.domain.status import Status
from arbiter.domain.task import Task
from arbiter.runtime.execution import (
    Declined,
    Execution,
    HandedOver,
    Outcome,
    Raised,
    Returned,
    failure_of,
)
from arbiter.runtime.executor import Executor, Isolated
from arbiter.runtime.hosted import Roster
from arbiter.runtime.reporter import Report, Reporter
from arbiter.runtime.seen_here import SeenHere

log = logging.getLogger(__name__)

LAST_WORDS_SECONDS = 5.0
"""How long a worker that leaves tries to say how its tasks ended."""


class Ended(NamedTuple):
    """A result that is to be written with the next turn."""

    fact: f.TaskCompleted
    execution: Execution
    since: float
    """When it came."""


class Attempts:
    """What one worker incarnation runs, each attempt until its handler has really stopped."""

    def __init__(
        self,
        *,
        incarnation: UUID,
        orchestrator: Orchestrator,
        log: Log,
        ready: ReadyQueue,
        clock: Clock,
        scheduler: Scheduler,
        roster: Roster,
        isolated: Isolated,
        result_limit: int,
        changed: Callable[[], object],
        seen: SeenHere,
    ) -> None:
        """Nothing runs. `changed` is called when a slot is free, a result has come, or a report is made."""
        self._incarnation, self._orchestrator = incarnation, orchestrator
        self._log, self._ready, self._clock, self._roster = log, ready, clock, roster
        self._result_limit, self._changed, self._seen = result_limit, changed, seen
        self._executor = Executor(clock, scheduler, self, isolated)
        self.reporter = Reporter(scheduler, changed)
        self.running: dict[Execution, None] = {}
        """Oldest first; a handler that outlives its grace may run beside the next attempt at its task."""

        self.ended: deque[Ended] = deque()
        self.typical_seconds = 1.0
        """How long a handler takes these days."""

        self._abandoned = False

    @property
    def is_busy(self) -> bool:
        """A handler runs, or a result is to be written."""
        return bool(self.running or self.ended)

    @property
    def oldest(self) -> Execution | None:
        """The one that has run the longest."""
        return next(iter(self.running), None)

    def begin(self, execution: Execution) -> None:
        """Run the handler of an attempt whose start is durable; its slot is taken already."""
        if self._abandoned:
            self._roster.let_go(execution.agent)
            return
        execution.begun = execution.last_beat = self._clock.monotonic()
        self.running[execution] = None
        self._executor.start(execution)

    def resume(self, task: Task) -> None:
        """Run the handler of a task that runs in our name without one, if there is such a task."""
        if task.status is not Status.RUNNING or task.incarnation != self._incarnation:
            return  # what was assigned to us and has not begun is not in doubt
        if task.agent is None or self._abandoned:
            return
        if any(execution.attempt_id == task.attempt_id for execution in self.running):
            return
        if any(ended.execution.attempt_id == task.attempt_id for ended in self.ended):
            return  # its result waits to be written
        agent = self._roster[task.agent]
        self._roster.take(agent)
        self.begin(Execution(task, agent, self._clock.monotonic()))

    def stop(self, execution: Execution, report: Report | None = None) -> None:
        """The attempt is over, by what the log says or by this report of ours: its handler shall stop."""
        execution.closed = True
        if report is not None:
            execution.reported = self.reporter.insist(report)
        self._executor.stop(execution)

    def release_all(self) -> int:
        """Stop what still runs and give it back; say how many attempts that were."""
        rest = [execution for execution in self.running if not execution.closed]
        for execution in rest:
            self.stop(execution, partial(self._release, execution))
        return len(rest)

    def abandon(self) -> None:
        """The incarnation is lost: stop every handler, report nothing."""
        self._abandoned = True
        self.reporter.lose_hope()
        self.ended.clear()
        for execution in list(self.running):
            self.stop(execution)

    # -- how attempts end

    def done(self, execution: Execution, outcome: Outcome) -> None:
        """Take in that a handler has really stopped."""
        self.running.pop(execution, None)
        self._roster.let_go(execution.agent)
        if self._abandoned:
            self._roster.freed()
        now = self._clock.monotonic()
        self.typical_seconds += 0.1 * (now - execution.begun - self.typical_seconds)
        if execution.closed:
            self._note(execution, success=None, reached=None)
            self.reporter.insist(partial(self._let_go, execution))
        elif isinstance(outcome, Returned):
            self._complete(execution, outcome.value, now)
        elif isinstance(outcome, Raised):
            self.reporter.insist(partial(self._fail, execution, outcome.error))
        elif isinstance(outcome, HandedOver):
            self._leave(execution, partial(self._hand_over, execution, outcome.seconds))
        elif isinstance(outcome, Declined):
            self._leave(execution, partial(self._give_back, execution, outcome.reason))
        else:
            error = f.Failure(
                kind="exception", type="Stopped", message="the handler stopped by itself"
            )
            self.reporter.insist(partial(self._fail, execution, error))
        self._changed()

    def _complete(self, execution: Execution, value: Any, since: float) -> None:
        try:
            result = to_blob(value, "result", self._result_limit)
        except Exception as no:  # noqa: BLE001 - a value may fail even to be looked at
            said = str(no) if isinstance(no, InvalidInput) else f"result: {failure_of(no).message}"
            error = f.Failure(kind="exception", type="InvalidResult", message=said)
            self.reporter.insist(partial(self._fail, execution, error))
            return
        completed = verbs.complete(
            execution.task,
            execution.attempt_id,
            result,
            at=self._clock.now(),
            quality=execution.quality,
            cost=execution.cost or None,
        )
        self.ended.append(Ended(completed, execution, since))
        self._note(execution, success=True, reached=True)

    def _note(self, execution: Execution, *, success: bool | None, reached: bool | None) -> None:
        self._seen.ended(
            execution.agent.breakers,
            execution.assignment.id,
            success=success,
            reached=reached,
            at=self._clock.now(),
        )

    def ended_too_late(self, refused: Iterable[Ended]) -> None:
        """Results whose version had moved: look again; only an attempt that still holds may end."""
        for late in refused:
            self.reporter.insist(partial(self._end_again, late))

    async def _end_again(self, late: Ended) -> None:
        attempt_id, said = late.execution.attempt_id, late.fact
        await self._decide(
            late.execution,
            lambda task, at: [
                verbs.complete(
                    task, attempt_id, said.result, at=at, quality=said.quality, cost=said.cost
                )
            ],
        )

    async def _fail(self, execution: Execution, error: f.Failure) -> None:
        chance = self._orchestrator.chance()
        await self._decide(
            execution,
            lambda task, at: verbs.fail_attempt(
                task, execution.attempt_id, error, at=at, chance=chance
            ),
        )
        success, reached = verdict(error)
        self._note(execution, success=success, reached=reached)

    async def _release(self, execution: Execution) -> None:
        """Give a task back; one that may run only once cannot be, and fails."""
        if execution.task.policy.max_attempts == 1:
            message = "the worker stopped before the only attempt was over"
            await self._fail(
                execution, f.Failure(kind="exception", type="Drained", message=message)
            )
            return
        await self._give_back(execution, "drain")

    async def _give_back(self, execution: Execution, reason: str) -> None:
        await self._decide(
            execution,
            lambda task, at: [verbs.release(task, execution.attempt_id, reason, at=at)],
        )

    def _leave(self, execution: Execution, report: Report) -> None:
        """Let go of an attempt that needs no slot here; its agent has as much to do as before."""
        agent = execution.agent
        self._roster.leave(agent)
        self.reporter.insist(report).add_done_callback(lambda _: self._roster.left(agent))

    async def _hand_over(self, execution: Execution, seconds: float) -> None:
        """Let go of an attempt that an agent outside has taken; its answer may have come first."""
        await self._decide(
            execution,
            lambda task, at: [verbs.hand_over(task, execution.attempt_id, seconds, at=at)],
        )

    async def _decide(
        self, execution: Execution, decision: Callable[[Task, datetime], Sequence[TaskFact]]
    ) -> None:
        """Append the end of an attempt: from what we remember, and after a conflict from the log."""
        now = self._clock.now()
        try:
            made, _ = entry(execution.task, decision(execution.task, now), at=now)
            await self._log.append(made)
        except Conflict:
            try:
                await self._orchestrator.decide(execution.assignment.id, decision)
            except (AttemptFenced, IllegalTransition) as late:
                log.info("a late report was refused: %s", late)
        except (AttemptFenced, IllegalTransition) as late:
            log.info("a late report was refused: %s", late)

    def timed_out(self, execution: Execution, limit: str) -> None:
        """End the attempt now; its handler is stopped and the next attempt waits for that."""
        if execution.closed or execution not in self.running:
            return
        message = f"the {limit} limit passed on attempt {execution.assignment.attempt}"
        error = f.Failure(kind="timeout", type=limit, message=message)
        self.stop(execution, partial(self._fail, execution, error))

    async def _let_go(self, execution: Execution) -> None:
        """The handler of a closed attempt has stopped: the task may be offered again."""
        if execution.reported is not None:
            await asyncio.gather(execution.reported, return_exceptions=True)
        await self._ready.handlers_stopped(
            self._incarnation, [execution.assignment.id], self._clock.now()
        )
        self._roster.freed()

    # -- what running handlers say

    async def save(self, execution: Execution, progress: Any) -> None:
        """Append a checkpoint."""
        blob = to_blob(progress, "checkpoint", self._result_limit)
        await self._report(
            execution, lambda task, at: verbs.checkpoint(task, execution.attempt_id, blob, at=at)
        )

    async def use(self, execution: Execution, used: dict[str, Any]) -> None:
        """Append a report of usage."""
        told = checked(Usage, **used).model_dump()
        await self._report(
            execution,
            lambda task, at: verbs.report_usage(task, execution.attempt_id, at=at, **told),
        )
        execution.cost = told["cost"] or execution.cost

    async def _report(
        self, execution: Execution, decision: Callable[[Task, datetime], TaskFact]
    ) -> None:
        now = self._clock.now()
        try:
            made, task = entry(execution.task, (decision(execution.task, now),), at=now)
            await self._log.append(made)
        except Conflict:
            task = await self._orchestrator.decide(
                execution.assignment.id, lambda task, at: [decision(task, at)]
            )
        execution.task = task
