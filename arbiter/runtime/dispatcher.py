"""The worker's hot path: claims tasks, routes and starts them, and appends how they ended, turn by turn.

Two lanes take turns over shared state, each with one statement in flight, so that Python works while
PostgreSQL commits. A turn leaves at once when no other is under way; the second one leaves when there is
a batch worth it or something has waited for 5 ms.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from itertools import chain, repeat
from typing import Any
from uuid import UUID

from arbiter.application.door import checked
from arbiter.application.orchestrator import Orchestrator
from arbiter.application.payloads import PAYLOAD_LIMIT, to_blob
from arbiter.application.ports import (
    Claimed,
    Clock,
    Entry,
    Log,
    ReadyQueue,
    Scheduler,
    Turn,
    Wanted,
    ending,
    entry,
    entry_of,
)
from arbiter.application.ready_row import needs_of
from arbiter.domain import facts as f
from arbiter.domain import verbs
from arbiter.domain.commands import Usage
from arbiter.domain.errors import (
    ArbiterError,
    AttemptFenced,
    Conflict,
    IllegalTransition,
    InvalidInput,
    Unavailable,
)
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.routing import Router
from arbiter.domain.task import Task, evolve, remember
from arbiter.runtime.execution import Execution, Outcome, Raised, Returned, failure_of
from arbiter.runtime.executor import Executor, Isolated
from arbiter.runtime.hosted import HostedAgent, Roster
from arbiter.runtime.loop import Loop

log = logging.getLogger(__name__)

LANES = 2
WORTH_A_TURN = 50
MOST_IN_A_TURN = 500
FLUSH_SECONDS = 0.005
POLL_SECONDS = 30.0
QUICK_HANDLER_SECONDS = 0.02
"""Claiming ahead of free slots pays for handlers quicker than this; slower ones would sit on tasks."""

CLAIM_KEPT_SECONDS = 1.0
"""A claimed task that finds no slot for so long is offered to others again."""


SAY_AGAIN_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)
LAST_WORDS_SECONDS = 5.0
"""How long a worker that leaves tries to say how its tasks ended."""

RECHECKS_IN_DOUBT = 20
"""How many beats after a lost connection to look for tasks that were begun without our knowing."""


Report = Callable[[], Awaitable[object]]


class Dispatcher:
    """Keeps the slots of one worker incarnation busy."""

    def __init__(
        self,
        *,
        incarnation: UUID,
        orchestrator: Orchestrator,
        log: Log,
        ready: ReadyQueue,
        clock: Clock,
        scheduler: Scheduler,
        router: Router,
        roster: Roster,
        queues: tuple[str, ...],
        isolated: Isolated,
        lost: Callable[[], object],
        poll_seconds: float = POLL_SECONDS,
        result_limit: int = PAYLOAD_LIMIT,
    ) -> None:
        """Nothing is claimed yet. `lost` is called when the incarnation turns out to be lost."""
        self.incarnation = incarnation
        self._orchestrator, self._log, self._ready = orchestrator, log, ready
        self._clock, self._scheduler, self._router = clock, scheduler, router
        self._roster, self._queues, self._lost = roster, queues, lost
        roster.freed = self.something_is_ready
        self._poll_seconds, self._result_limit = poll_seconds, result_limit
        self._executor = Executor(clock, scheduler, self, isolated)
        self._share = min(MOST_IN_A_TURN, -(-roster.slots // LANES))
        """What one turn begins or claims at most: one lane that took all would leave the other nothing."""

        self._claimed: deque[tuple[Task, float]] = deque()
        self._finished: deque[tuple[Entry, Execution, float]] = deque()
        self.executing: dict[UUID, Execution] = {}
        """By attempt: a handler that outlives its grace may run beside the next attempt."""

        self._background: set[asyncio.Future[object]] = set()
        self._claiming = 0
        self._turning = 0
        self._news = 1
        self._news_seen = 0
        self._looked = clock.monotonic()
        self._draining = self._abandoned = False
        self._typical_seconds = 1.0
        self._in_doubt = 0
        self._unknown: set[UUID] = set()
        self._stuck: tuple[int, int] | None = None
        self._settled = asyncio.Event()
        self._loops = [
            Loop("first lane", self.run_once, scheduler),
            *(
                Loop(f"lane {lane}", self._run_when_woken, scheduler)
                for lane in range(2, LANES + 1)
            ),
        ]

    @property
    def is_busy(self) -> bool:
        """Something runs, has been claimed, or is about to be written."""
        return bool(self.executing or self._finished or self._claimed or self._turning)

    @property
    def is_in_doubt(self) -> bool:
        """A turn was lost lately, and may have done something we do not know."""
        return self._in_doubt > 0

    # -- what others tell it

    def start(self) -> None:
        """Begin to claim."""
        for lane in self._loops:
            lane.start()

    def something_is_ready(self) -> None:
        """A task may be claimable that was not before."""
        self._news += 1
        self._wake()

    async def recheck(self) -> None:
        """Stop every handler whose task no longer runs in our name; run what does and has no handler."""
        before = list(self.executing.values())
        if not before and not self._in_doubt:
            return
        ours = set(await self._ready.claimed_by(self.incarnation, len(before) + MOST_IN_A_TURN * 4))
        for execution in before:
            task_id = execution.assignment.id
            if task_id not in ours and execution.attempt_id in self.executing:
                self._close(execution)
                self._executor.stop(execution)
        if self._in_doubt:
            await self._pick_up(ours)

    async def _pick_up(self, ours: set[UUID]) -> None:
        """After a turn nobody answered for: a task that twice runs in our name without us is begun."""
        known = {execution.assignment.id for execution in self.executing.values()}
        unknown = ours - known - {made.task_id for made, _, _ in self._finished}
        orphans = unknown & self._unknown
        self._unknown = unknown
        self._in_doubt -= 1
        if orphans and not self._turning:
            await self._resume(list(orphans))

    # -- the turn

    async def run_once(self) -> float | None:
        """Take one turn, if there is anything to do; say when to look again."""
        pause = self._pause()
        if pause > 0:
            return min(pause, await self._give_back())
        self._turning += 1
        try:
            await self._turn()
        finally:
            self._turning -= 1
            self._settle()
            self._wake()
        return 0.0

    async def _run_when_woken(self) -> float | None:
        """Take one turn; looking without having been told is the first lane's business."""
        pause = await self.run_once()
        return None if pause is not None and pause >= self._poll_seconds else pause

    def _pause(self) -> float:
        """Seconds until a turn is worth it; 0 for now."""
        now = self._clock.monotonic()
        if now - self._looked >= self._poll_seconds:
            self._looked = now
            self._news += 1  # a ring may have been missed
        startable = self._startable()
        appetite = self._appetite() if self._news != self._news_seen else 0
        if not self._turning:
            if self._finished or startable or appetite > 0:
                return 0.0
            return self._poll_seconds
        if max(len(self._finished), startable, appetite) >= WORTH_A_TURN:
            return 0.0
        if self._finished:
            return max(0.0, self._finished[0][2] + FLUSH_SECONDS - now)
        return self._poll_seconds

    async def _give_back(self) -> float:
        """Offer again what was claimed and found no slot; say when to look again."""
        if not self._claimed:
            return self._poll_seconds
        now = self._clock.monotonic()
        kept = [pair for pair in self._claimed if now - pair[1] >= CLAIM_KEPT_SECONDS]
        if kept:
            gone = {task.id for task, _ in kept}
            self._claimed = deque(pair for pair in self._claimed if pair[0].id not in gone)
            try:
                await self._ready.unclaim(self.incarnation, list(gone))
            except BaseException:
                self._claimed.extend(kept)
                raise
        oldest = min((since for _, since in self._claimed), default=now)
        return oldest + CLAIM_KEPT_SECONDS - now

    def _startable(self) -> int:
        """How many claimed tasks may find a slot; none if nothing changed since none did."""
        if self._stuck == (self._roster.changes, len(self._claimed)):
            return 0
        return min(len(self._claimed), self._roster.free)

    def _appetite(self) -> int:
        """How many tasks to claim now."""
        if self._draining:
            return 0
        have = len(self._claimed) + self._claiming
        if self._claims_ahead():
            return self._roster.slots - have
        return self._roster.takers - have

    def _claims_ahead(self) -> bool:
        if self._typical_seconds >= QUICK_HANDLER_SECONDS:
            return False
        oldest = next(iter(self.executing.values()), None)
        return oldest is None or self._clock.monotonic() - oldest.begun < 2 * QUICK_HANDLER_SECONDS

    async def _turn(self) -> None:
        now, seen = self._clock.now(), self._news
        finished = [
            self._finished.popleft() for _ in range(min(len(self._finished), MOST_IN_A_TURN))
        ]
        begun = self._begin(now)
        total = max(0, min(self._appetite(), self._share))
        wanted = (
            self._roster.wanted(self._queues, total, ahead=self._claims_ahead()) if total else []
        )
        if not (finished or begun or wanted):
            return
        if wanted:
            self._looked = self._clock.monotonic()
        self._claiming += total
        try:
            turned = await self._ready.turn(
                Turn(
                    incarnation=self.incarnation,
                    finished=[made for made, _, _ in finished],
                    begun=[made for made, _ in begun],
                    wanted=wanted,
                    total=total if wanted else 0,
                )
            )
        except BaseException:
            self._finished.extendleft(reversed(finished))
            for _, execution in begun:
                self._roster.let_go(execution.agent.name)
            self._insist(partial(self._recover, [made.task_id for made, _ in begun]))
            raise
        finally:
            self._claiming -= total
        if not turned.alive:
            self._after_begun(begun, frozenset())
            self._lost()
            return
        if wanted and _all_taken(wanted, turned.claimed, total):
            self._news_seen = max(self._news_seen, seen)
        self._after_finished(finished, turned.accepted)
        self._after_begun(begun, turned.accepted)
        try:
            await self._take_in(turned.claimed)
        except BaseException:
            unread = [each.task_id for each in turned.claimed]
            self._insist(partial(self._ready.unclaim, self.incarnation, unread))
            raise

    def _begin(self, now: datetime) -> list[tuple[Entry, Execution]]:
        """Route and start the claimed tasks for which there is a free slot."""
        begun: list[tuple[Entry, Execution]] = []
        if self._draining:
            return begun
        waiting: list[tuple[Task, float]] = []
        while self._claimed and self._roster.free > 0 and len(begun) < self._share:
            task, since = self._claimed.popleft()
            candidates = self._roster.candidates(task.kind, needs_of(task.requirements))
            if not candidates:
                waiting.append((task, since))
                continue
            name, decision = self._router.choose(task, candidates, self._orchestrator.chance())
            self._roster.take(name)
            agent = self._roster[name]
            made, running = self._started(task, agent, decision, now)
            begun.append((made, Execution(running, agent, self._clock.monotonic())))
        self._claimed.extendleft(reversed(waiting))
        self._stuck = (self._roster.changes, len(self._claimed)) if waiting else None
        return begun

    def _started(
        self, task: Task, agent: HostedAgent, decision: f.Decision, now: datetime
    ) -> tuple[Entry, Task]:
        attempt_id = self._orchestrator.new_id(now)
        routed = verbs.route(
            task,
            agent.name,
            decision,
            attempt_id=attempt_id,
            incarnation=self.incarnation,
            at=now,
            retry=agent.retry,
            limits=agent.limits,
        )
        assigned = evolve(task, routed)
        started = verbs.start(assigned, attempt_id, at=now)
        running = evolve(assigned, started)
        return entry_of(task, (routed, started), running, at=now), running

    def _after_begun(
        self, begun: Sequence[tuple[Entry, Execution]], accepted: frozenset[UUID]
    ) -> None:
        for made, execution in begun:
            if made.task_id in accepted and not self._abandoned:
                execution.begun = execution.last_beat = self._clock.monotonic()
                self.executing[execution.attempt_id] = execution
                self._executor.start(execution)
            else:  # cancelled, suspended or reaped between claim and start
                self._roster.let_go(execution.agent.name)

    def _after_finished(
        self, finished: Sequence[tuple[Entry, Execution, float]], accepted: frozenset[UUID]
    ) -> None:
        for made, execution, _ in finished:
            if made.task_id not in accepted:
                self._insist(partial(self._end_again, made, execution))

    async def _take_in(self, claimed: Sequence[Claimed]) -> None:
        """Remember the claimed tasks whole: a fresh one from its submission, others from their stream."""
        older = [each.task_id for each in claimed if each.version != 2]
        streams = await self._log.streams(older) if older else {}
        now = self._clock.monotonic()
        for each in claimed:
            if each.version == 2:
                task = _fresh(each)
            else:
                facts = [
                    fact for fact in streams.get(each.task_id, ()) if isinstance(fact, TaskFact)
                ]
                known = remember(facts)
                if known is None or known.version != each.version:
                    continue  # it moved on: its row is no longer ours
                task = known
            self._claimed.append((task, now))

    async def _recover(self, begun: Sequence[UUID]) -> None:
        """A turn that failed may have been written or not: ask the log, and keep nothing in doubt."""
        self._in_doubt = RECHECKS_IN_DOUBT
        await self._log.barrier(self.incarnation)
        self._claimed.clear()
        await self._ready.forget(self.incarnation, self._clock.now())
        await self._resume(begun)
        self.something_is_ready()

    async def _resume(self, task_ids: Sequence[UUID]) -> None:
        """Begin the handlers of tasks that run in our name without one."""
        for facts in (await self._log.streams(task_ids)).values():
            task = remember(fact for fact in facts if isinstance(fact, TaskFact))
            if task is None or task.incarnation != self.incarnation or task.agent is None:
                continue
            if task.attempt_id not in self.executing and not self._abandoned:
                self._roster.take(task.agent)
                execution = Execution(task, self._roster[task.agent], self._clock.monotonic())
                self.executing[execution.attempt_id] = execution
                self._executor.start(execution)

    # -- how attempts end

    def done(self, execution: Execution, outcome: Outcome) -> None:
        """Take in that a handler has really stopped."""
        self.executing.pop(execution.attempt_id, None)
        self._roster.let_go(execution.agent.name)
        if self._abandoned:
            self._roster.freed()
        self._learn(self._clock.monotonic() - execution.begun)
        if execution.closed:
            self._insist(partial(self._let_go, execution))
        elif isinstance(outcome, Returned):
            self._complete(execution, outcome.value)
        elif isinstance(outcome, Raised):
            self._insist(partial(self._fail, execution, outcome.error))
        else:
            error = f.Failure(
                kind="exception", type="Stopped", message="the handler stopped by itself"
            )
            self._insist(partial(self._fail, execution, error))
        self._wake()

    def _complete(self, execution: Execution, value: Any) -> None:
        try:
            result = to_blob(value, "result", self._result_limit)
        except Exception as no:  # noqa: BLE001 - a value may fail even to be looked at
            said = str(no) if isinstance(no, InvalidInput) else f"result: {failure_of(no).message}"
            error = f.Failure(kind="exception", type="InvalidResult", message=said)
            self._insist(partial(self._fail, execution, error))
            return
        now = self._clock.now()
        completed = verbs.complete(execution.task, execution.attempt_id, result, at=now)
        made = ending(execution.task, completed)
        self._finished.append((made, execution, self._clock.monotonic()))

    async def _end_again(self, made: Entry, execution: Execution) -> None:
        """A result whose version had moved: look again, and only an attempt that still holds may end."""
        completed = made.facts[0]
        assert isinstance(completed, f.TaskCompleted), "only results end in a turn"
        await self._decide(
            execution,
            lambda task, at: [verbs.complete(task, execution.attempt_id, completed.result, at=at)],
        )

    async def _fail(self, execution: Execution, error: f.Failure) -> None:
        chance = self._orchestrator.chance()
        await self._decide(
            execution,
            lambda task, at: verbs.fail_attempt(
                task, execution.attempt_id, error, at=at, chance=chance
            ),
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
        if execution.closed or execution.attempt_id not in self.executing:
            return
        message = f"the {limit} limit passed on attempt {execution.assignment.attempt}"
        error = f.Failure(kind="timeout", type=limit, message=message)
        self._close(execution, partial(self._fail, execution, error))
        self._executor.stop(execution)

    def _close(self, execution: Execution, report: Report | None = None) -> None:
        execution.closed = True
        if report is not None:
            execution.reported = self._insist(report)

    async def _let_go(self, execution: Execution) -> None:
        """The handler of a closed attempt has stopped: the task may be offered again."""
        if execution.reported is not None:
            await asyncio.gather(execution.reported, return_exceptions=True)
        await self._ready.handlers_stopped(
            self.incarnation, [execution.assignment.id], self._clock.now()
        )
        self.something_is_ready()

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

    # -- the end

    async def drain(self, seconds: float, hurry: asyncio.Event) -> int:
        """Stop claiming, let handlers finish, give back the rest; say how many were given back."""
        self._draining = True
        claimed = [task.id for task, _ in self._claimed]
        self._claimed.clear()
        if claimed:
            await self._ready.unclaim(self.incarnation, claimed)
        await self._quiet(seconds, hurry)
        for lane in self._loops:
            await lane.stop()
        while self._finished:
            await self._turn()
        rest = [execution for execution in self.executing.values() if not execution.closed]
        for execution in rest:
            self._close(execution, partial(self._release, execution))
            self._executor.stop(execution)
        await self._quiet(0.0 if hurry.is_set() else 1.0, hurry)
        await self._end_reports()
        return len(rest)

    async def _end_reports(self) -> None:
        """Wait for what is being said; what takes too long is left to those who rescue."""
        if self._background:
            _, late = await asyncio.wait(self._background, timeout=LAST_WORDS_SECONDS)
            for report in late:
                report.cancel()

    async def abandon(self) -> None:
        """The incarnation is lost: stop every handler, report nothing."""
        self._draining = self._abandoned = True
        self._claimed.clear()
        self._finished.clear()
        for execution in list(self.executing.values()):
            execution.closed = True
            self._executor.stop(execution)
        for lane in self._loops:
            self._insist(lane.stop)

    async def _release(self, execution: Execution) -> None:
        """Give a task back; one that may run only once cannot be, and fails."""
        if execution.task.policy.max_attempts == 1:
            message = "the worker stopped before the only attempt was over"
            await self._fail(
                execution, f.Failure(kind="exception", type="Drained", message=message)
            )
            return
        await self._decide(
            execution,
            lambda task, at: [verbs.release(task, execution.attempt_id, "drain", at=at)],
        )

    async def _quiet(self, seconds: float, hurry: asyncio.Event) -> None:
        """Wait until nothing runs and nothing is unsaid, at most so long, not at all in a hurry."""
        over = asyncio.Event()

        def end() -> None:
            over.set()
            self._settled.set()

        alarm = self._scheduler.call_later(seconds, end)
        hurried = asyncio.ensure_future(_then(hurry, end))
        try:
            while self._is_busy() and not over.is_set():
                self._settled.clear()
                self._wake()
                await self._settled.wait()
        finally:
            alarm.cancel()
            hurried.cancel()

    def _is_busy(self) -> bool:
        return bool(self.executing or self._finished or self._background or self._turning)

    def _settle(self) -> None:
        if self._draining:
            self._settled.set()

    def _insist(self, report: Report) -> asyncio.Future[object]:
        """Say something in the background, until it is said."""
        future: asyncio.Future[object] = asyncio.ensure_future(
            self._scheduler.start(self._insisting(report), name="arbiter report")
        )
        self._background.add(future)
        future.add_done_callback(self._forget)
        return future

    async def _insisting(self, report: Report) -> None:
        for pause in chain(SAY_AGAIN_SECONDS, repeat(SAY_AGAIN_SECONDS[-1])):
            try:
                await report()
            except Unavailable as away:
                if self._abandoned:
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
        self._background.discard(future)
        self._settle()

    def _learn(self, seconds: float) -> None:
        self._typical_seconds += 0.1 * (seconds - self._typical_seconds)

    def _wake(self) -> None:
        for lane in self._loops:
            lane.wake()


async def _then(event: asyncio.Event, call: Callable[[], object]) -> None:
    await event.wait()
    call()


def _fresh(claimed: Claimed) -> Task:
    """A task at version 2 can only have been submitted and validated."""
    pending = evolve(None, claimed.first)
    return evolve(pending, f.TaskValidated(task_id=claimed.task_id, version=2, at=claimed.first.at))


def _all_taken(wanted: Sequence[Wanted], claimed: Sequence[Claimed], total: int) -> bool:
    """Tell whether a claim came back with less than it asked for, of every kind: nothing is left."""
    if len(claimed) >= total:
        return False
    asked: Counter[str] = Counter()
    for each in wanted:
        asked[each.kind] += each.how_many
    got = Counter(each.first.kind for each in claimed)
    return all(got[kind] < how_many for kind, how_many in asked.items())
