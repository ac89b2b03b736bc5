"""The command handler: each command is loaded, decided and appended once; nothing else writes decisions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from difflib import get_close_matches
from uuid import UUID

from arbiter.application.agents import keyed_task_id
from arbiter.application.answers import Redriven, Story, Submitted, TaskView, view
from arbiter.application.conflicts import decided_again
from arbiter.application.kinds import KnownKinds
from arbiter.application.ports import Clock, Entry, Log, ReadyQueue, entry, entry_of
from arbiter.application.turnstile import Turnstile
from arbiter.domain import facts as f
from arbiter.domain import verbs
from arbiter.domain.blob import digest_of
from arbiter.domain.commands import Decide, Redrive, Reschedule, Submit
from arbiter.domain.errors import (
    ArbiterError,
    Conflict,
    IdempotencyConflict,
    UnknownKind,
    UnknownTask,
)
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.gate import Gate, PersonsHold
from arbiter.domain.task import Task, evolve, remember

AT_ONCE = 500
"""How many of many submissions are decided before others get their turn."""

Decision = Callable[[Task, datetime], Sequence[TaskFact]]


@dataclass(frozen=True)
class Orchestrator:
    """Turns commands into facts."""

    log: Log
    ready: ReadyQueue
    clock: Clock
    kinds: KnownKinds
    new_id: Callable[[datetime], UUID]
    chance: Callable[[], float]
    gate: Gate = field(default_factory=PersonsHold)
    _turnstile: Turnstile = field(default_factory=Turnstile)

    async def submit(self, command: Submit) -> Submitted:
        """Accept work; it is durable when this returns.

        Raises UnknownKind, IdempotencyConflict.
        """
        if not self._is_known(command):
            await self.know(command)
        made, submitted = self.decide_submission(command)
        try:
            await self.log.append(made)
        except Conflict:
            return await self._repeated(command, made.task_id)
        return submitted

    def submit_at_once(
        self, command: Submit, answer: Callable[[Submitted | None, Exception | None], object]
    ) -> bool:
        """Accept work as `submit` does, and answer when it is durable.

        False, and nothing is done, where something has to be looked up first.
        """
        if not self._is_known(command) or command.idempotency_key is not None:
            return False
        made, submitted = self.decide_submission(command)

        def durable(outcome: int | Exception) -> None:
            if isinstance(outcome, Exception):
                answer(None, outcome)
            else:
                answer(submitted, None)

        self.log.put(made, durable)
        return True

    async def submit_many(self, commands: Sequence[Submit]) -> Sequence[Submitted | ArbiterError]:
        """Accept much work at once; the answers come in the order of the commands."""
        for kind in {command.kind: command for command in commands}.values():
            await self.know(kind)
        decided: list[tuple[Entry, Submitted]] = []
        appending: list[asyncio.Future[Sequence[int | Exception]]] = []
        for start in range(0, len(commands), AT_ONCE):
            some = [
                self.decide_submission(command) for command in commands[start : start + AT_ONCE]
            ]
            decided.extend(some)
            appending.append(
                asyncio.ensure_future(self.log.append_many([made for made, _ in some]))
            )
            await asyncio.sleep(0)  # the first are written while the next are decided
        outcomes = [outcome for batch in appending for outcome in await batch]
        answers: list[Submitted | ArbiterError] = []
        for command, (made, submitted), outcome in zip(commands, decided, outcomes, strict=True):
            if isinstance(outcome, Conflict):
                answers.append(await self._repeated_or_refused(command, made.task_id))
            elif isinstance(outcome, ArbiterError):
                answers.append(outcome)
            elif isinstance(outcome, Exception):
                raise outcome
            else:
                answers.append(submitted)
        return answers

    def decide_submission(self, command: Submit) -> tuple[Entry, Submitted]:
        """Make the facts of a submission, the gate's answer with them; nothing is written."""
        now = self.clock.now()
        submitted = verbs.submit(
            self._task_id(command, now),
            command.kind,
            at=now,
            payload=command.payload,
            queue=command.queue,
            tenant=command.tenant,
            priority=command.priority,
            requirements=command.requires,
            not_before=command.not_before,
            limits=command.limits,
            retry=command.retry,
            idempotency_key=command.idempotency_key,
            hold=command.hold,
            hold_until=command.hold_until,
            subject=command.subject,
            parent=command.parent,
            cause=command.cause,
            trace=command.trace,
            by=command.by,
        )
        pending = evolve(None, submitted)
        answer = self.gate.answer(pending, at=now)
        task = evolve(pending, answer)
        made = entry_of(None, (submitted, answer), task, at=now)
        violations = answer.violations if isinstance(answer, f.TaskRejected) else ()
        return made, Submitted(task_id=task.id, status=task.status, violations=violations)

    async def cancel(self, command: Decide) -> TaskView:
        """End a task, wherever it is; a running handler is told to stop."""
        return await self._decide(
            command.task_id,
            lambda task, at: [verbs.cancel(task, at=at, by=command.by, why=command.why)],
        )

    async def suspend(self, command: Decide) -> TaskView:
        """Set a task aside; a running handler is told to stop, its checkpoint is kept."""
        return await self._decide(
            command.task_id,
            lambda task, at: [verbs.suspend(task, at=at, by=command.by, why=command.why)],
        )

    async def resume(self, command: Decide) -> TaskView:
        """Let a suspended task go on, through the gate."""
        return await self._decide(
            command.task_id,
            lambda task, at: self._through_the_gate(
                task, verbs.resume(task, at=at, by=command.by), at
            ),
        )

    async def approve(self, command: Decide) -> TaskView:
        """Agree to exactly the work a held task would do; the gate answers at once."""

        def decision(task: Task, at: datetime) -> Sequence[TaskFact]:
            approved = verbs.approve(
                task,
                command.digest or task.digest,
                at=at,
                by=command.by,
                why=command.why,
                until=command.until,
            )
            return self._through_the_gate(task, approved, at)

        return await self._decide(command.task_id, decision)

    async def reject(self, command: Decide) -> TaskView:
        """Say no to a held task."""
        why = command.why or "rejected by a person"
        return await self._decide(
            command.task_id, lambda task, at: [verbs.reject(task, why, at=at, by=command.by)]
        )

    async def reschedule(self, command: Reschedule) -> TaskView:
        """Change when, or how soon before others, a waiting task is offered."""
        return await self._decide(
            command.task_id,
            lambda task, at: [
                verbs.reschedule(
                    task,
                    at=at,
                    priority=command.priority,
                    not_before=command.not_before,
                    by=command.by,
                    why=command.why,
                )
            ],
        )

    async def redrive(self, command: Redrive) -> TaskView:
        """Begin a new run of a parked task; an edited payload passes the gate again."""

        def decision(task: Task, at: datetime) -> Sequence[TaskFact]:
            again = verbs.redrive(
                task, at=at, by=command.by, why=command.why, payload=command.payload
            )
            return self._through_the_gate(task, again, at)

        return await self._decide(command.task_id, decision)

    async def redrive_many(
        self, matched: Sequence[UUID], command: Callable[[UUID], Redrive], *, preview: bool
    ) -> Redriven:
        """Redrive every task of a list; with `preview`, only say which."""
        redriven: list[UUID] = []
        refused: dict[UUID, str] = {}
        for task_id in [] if preview else matched:
            try:
                await self.redrive(command(task_id))
                redriven.append(task_id)
            except ArbiterError as no:
                refused[task_id] = str(no)
        return Redriven(matched=matched, redriven=redriven, refused=refused, preview=preview)

    async def status(self, task_id: UUID) -> TaskView:
        """Return a task as its facts tell it. Raises UnknownTask."""
        return view(await self.load(task_id))

    async def history(self, task_id: UUID) -> Sequence[Story]:
        """Return every fact of a task with its position and the status it led to. Raises UnknownTask."""
        stories: list[Story] = []
        task: Task | None = None
        for recorded in await self.log.recorded(task_id):
            if not isinstance(recorded.fact, TaskFact):
                break
            task = evolve(task, recorded.fact)
            stories.append(Story(recorded.position, recorded.fact, task.status))
        if not stories:
            raise UnknownTask(task_id)
        return stories

    async def clean_up(self, older_than: timedelta, *, limit: int = 1000) -> Sequence[UUID]:
        """Fail the tasks that have waited longer than this without ever being started."""
        stale = await self.ready.waiting_since(self.clock.now() - older_than, limit)
        why = f"waited longer than {older_than} without being started"

        def decision(task: Task, at: datetime) -> Sequence[TaskFact]:
            return [verbs.clean_up(task, why, at=at)]

        cleaned: list[UUID] = []
        for row in stale:
            try:
                await self._decide(row.task_id, decision)
            except ArbiterError:
                continue  # it has moved on by itself
            cleaned.append(row.task_id)
        return cleaned

    async def load(self, task_id: UUID) -> Task:
        """Remember a task from its facts. Raises UnknownTask."""
        facts = await self.log.stream(task_id)
        task = remember(fact for fact in facts if isinstance(fact, TaskFact))
        if task is None:
            raise UnknownTask(task_id)
        return task

    async def decide(self, task_id: UUID, decision: Decision) -> Task:
        """Load a task, decide, append; again from the start when another append came first."""
        async with self._turnstile.alone(task_id):
            return await decided_again(lambda: self._decide_once(task_id, decision))

    async def _decide(self, task_id: UUID, decision: Decision) -> TaskView:
        return view(await self.decide(task_id, decision))

    async def _decide_once(self, task_id: UUID, decision: Decision) -> Task:
        task = await self.load(task_id)
        now = self.clock.now()
        made, decided = entry(task, decision(task, now), at=now)
        await self.log.append(made)
        return decided

    def _through_the_gate(self, task: Task, fact: TaskFact, at: datetime) -> Sequence[TaskFact]:
        return [fact, self.gate.answer(evolve(task, fact), at=at)]

    def _task_id(self, command: Submit, now: datetime) -> UUID:
        if command.idempotency_key is not None:
            return keyed_task_id(command.tenant, command.idempotency_key)
        return self.new_id(now)

    def _is_known(self, command: Submit) -> bool:
        return command.any_kind or self.kinds.is_known(command.kind)

    async def know(self, command: Submit) -> None:
        """Refuse a kind that no agent was ever registered for. Raises UnknownKind."""
        if self._is_known(command) or await self.kinds.knows(command.kind):
            return
        known = self.kinds.known
        nearest = get_close_matches(command.kind, sorted(known), n=1, cutoff=0.0)
        raise UnknownKind(command.kind, nearest[0] if nearest else None, len(known))

    async def _repeated(self, command: Submit, task_id: UUID) -> Submitted:
        first = await self.log.stream(task_id)
        return repeated(command, task_id, first)

    async def _repeated_or_refused(
        self, command: Submit, task_id: UUID
    ) -> Submitted | ArbiterError:
        try:
            return await self._repeated(command, task_id)
        except ArbiterError as no:
            return no


def repeated(command: Submit, task_id: UUID, facts: Sequence[f.Fact]) -> Submitted:
    """Answer for a key that was used before: the first task, if it is the same work."""
    task = remember(fact for fact in facts if isinstance(fact, TaskFact))
    first = facts[0] if facts else None
    if task is None or not isinstance(first, f.TaskSubmitted) or command.idempotency_key is None:
        raise Conflict(task_id, 0)
    if digest_of(first.kind, first.payload, first.requirements) != digest_of(
        command.kind, command.payload, command.requires
    ):
        raise IdempotencyConflict(command.idempotency_key, task_id)
    return Submitted(task_id=task_id, status=task.status, repeated=True)
