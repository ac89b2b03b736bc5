"""Every verb once: checks what the caller passed, and says what is to be done on the engine.

The two doors run what a verb returns, one waiting for it and one awaiting it; so they have the same
signatures by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar, Unpack
from uuid import UUID

from arbiter.application import door
from arbiter.application.answers import Redriven, Reported, Story, Submitted, TaskView
from arbiter.application.door import Options, Submission, checked
from arbiter.application.ports import QueueState
from arbiter.application.rating import RatedResult, rate
from arbiter.application.ready_row import ReadyRow
from arbiter.application.remote.answer import answer_bytes
from arbiter.application.views import (
    TaskFilter,
)
from arbiter.bootstrap.core import Core
from arbiter.domain.commands import Submit, Switch
from arbiter.domain.errors import ArbiterError, InvalidInput
from arbiter.infrastructure.telemetry.trace import traceparent
from arbiter.runtime.engine import Answer
from arbiter.runtime.listeners import Event, at_home
from arbiter.runtime.service import Decision, Overview, Service, limited, paused, resumed
from arbiter.runtime.transports.callbacks import parsed

T = TypeVar("T")
Work = Callable[[Service], Coroutine[Any, Any, T]]
"""What a verb has to do, on the engine's loop."""

TaskId = UUID | str


class Submitting:
    """A submission on its way: the work that is done most often, begun without a task of its own."""

    __slots__ = ("_command",)

    def __init__(self, command: Submit) -> None:
        """The command is checked."""
        self._command = command

    def __call__(self, service: Service) -> Coroutine[Any, Any, Submitted]:
        """Submit, and await the answer."""
        return service.orchestrator.submit(self._command)

    def at_once(self, service: Service, answer: Answer) -> bool:
        """Submit, and have the answer called; False if that takes looking something up first."""
        return service.orchestrator.submit_at_once(self._command, answer)


class Verbs:
    """Commands and questions."""

    def __init__(self, core: Core) -> None:
        """Start nothing."""
        self._core = core

    # -- commands

    def submit(self, kind: str, payload: Any = None, **options: Unpack[Options]) -> Work[Submitted]:
        """Ask for work; it is durable when this returns.

        Raises InvalidInput, UnknownKind, IdempotencyConflict, Unavailable.
        """
        return Submitting(self.submission(kind, payload, **options))

    def submission(self, kind: str, payload: Any, **options: Unpack[Options]) -> Submit:
        """Check a submission; it carries the caller's trace. Raises InvalidInput."""
        options.setdefault("trace", traceparent())
        return door.submission(kind, payload, limit=self._core.settings.payload_limit, **options)

    def submit_many(
        self, submissions: Iterable[Submission], **common: Unpack[Options]
    ) -> Work[Sequence[Submitted | ArbiterError]]:
        """Ask for much work at once: mappings with `kind`, `payload` and any option of `submit`.

        Options given here hold for all. All submissions are checked before any is written; the answers come
        in the same order, with the refusal in the place of a key that was used for something else.
        """
        commands = door.submissions(submissions, self._core.settings.payload_limit, common)
        return lambda service: service.orchestrator.submit_many(commands)

    def report(
        self, attempt_id: TaskId, answer: bytes | str | Mapping[str, Any], *, signature: str
    ) -> Work[Reported]:
        """Take in what an agent outside answers for an attempt that was handed to it.

        `answer` is `{"result": …}` or `{"error": …}`, as a mapping or as the bytes that came; `signature` is
        that of `arbiter.sign` over it. The same answer again changes nothing. Raises UnknownAttempt,
        BadSignature, InvalidInput, and AttemptFenced for an attempt that is over.
        """
        known, body = parsed(attempt_id), answer_bytes(answer)
        return lambda service: service.callbacks.report(known, body, signature)

    def cancel(
        self, task_id: TaskId, *, by: str | None = None, why: str | None = None
    ) -> Work[TaskView]:
        """End a task, wherever it is; a running handler is told to stop, its result would be refused."""
        command = door.decide(task_id, by=by, why=why)
        return lambda service: service.orchestrator.cancel(command)

    def suspend(
        self, task_id: TaskId, *, by: str | None = None, why: str | None = None
    ) -> Work[TaskView]:
        """Set a task aside until it is resumed; a running handler is told to stop, its checkpoint is kept."""
        command = door.decide(task_id, by=by, why=why)
        return lambda service: service.orchestrator.suspend(command)

    def resume(self, task_id: TaskId, *, by: str | None = None) -> Work[TaskView]:
        """Let a suspended task go on; one that was held is held again."""
        command = door.decide(task_id, by=by)
        return lambda service: service.orchestrator.resume(command)

    def approve(
        self,
        task_id: TaskId,
        *,
        by: str | None = None,
        why: str | None = None,
        digest: str | None = None,
        until: datetime | None = None,
    ) -> Work[TaskView]:
        """Agree to exactly the work a held task would do; with `digest`, only if it is still that work."""
        command = door.decide(task_id, by=by, why=why, digest=digest, until=until)
        return lambda service: service.orchestrator.approve(command)

    def reject(self, task_id: TaskId, *, why: str, by: str | None = None) -> Work[TaskView]:
        """Say no to a held task, for good."""
        command = door.decide(task_id, by=by, why=why)
        return lambda service: service.orchestrator.reject(command)

    def reschedule(
        self,
        task_id: TaskId,
        *,
        priority: int | None = None,
        not_before: datetime | None = None,
        by: str | None = None,
        why: str | None = None,
    ) -> Work[TaskView]:
        """Change when, or how soon before others, a waiting task is offered."""
        command = door.reschedule(task_id, priority=priority, not_before=not_before, by=by, why=why)
        return lambda service: service.orchestrator.reschedule(command)

    def redrive(
        self,
        task_id: TaskId,
        *,
        payload: Any = ...,
        by: str | None = None,
        why: str | None = None,
    ) -> Work[TaskView]:
        """Begin a new run of a parked task; with another `payload`, it passes the gate as new work would."""
        command = door.redrive(
            task_id, payload=payload, by=by, why=why, limit=self._core.settings.payload_limit
        )
        return lambda service: service.orchestrator.redrive(command)

    def rate(
        self, task_id: TaskId, quality: float, *, by: str, why: str | None = None
    ) -> Work[RatedResult]:
        """Say, as a judge, how good the result of a completed task is: 0 is useless, 1 is right.

        The agent's record learns from it. Who speaks again takes back the word before; several judges count
        alike, and together they replace what the handler itself said. Raises NothingToRate, UnknownTask.
        """
        command = door.rate(task_id, quality=quality, by=by, why=why)
        return lambda service: rate(service.orchestrator, command)

    def redrive_where(
        self,
        where: TaskFilter,
        *,
        preview: bool = False,
        by: str | None = None,
        why: str | None = None,
        limit: int = 10_000,
    ) -> Work[Redriven]:
        """Redrive every parked task a filter finds; with `preview`, only say which they are."""
        return lambda service: service.redrive_where(
            where, lambda each: door.redrive(each, by=by, why=why), preview=preview, limit=limit
        )

    # -- queues

    def pause_queue(
        self, queue: str, *, by: str | None = None, why: str | None = None
    ) -> Work[QueueState]:
        """Dispatch nothing of a queue until it is resumed; what runs goes on."""
        told = checked(Switch, queue=queue, by=by, why=why)
        return self._switch(told, paused(queue, by, why))

    def resume_queue(
        self, queue: str, *, by: str | None = None, why: str | None = None
    ) -> Work[QueueState]:
        """Dispatch a paused queue again."""
        told = checked(Switch, queue=queue, by=by, why=why)
        return self._switch(told, resumed(queue, by, why))

    def limit_queue(
        self, queue: str, limit: int | None, *, by: str | None = None, why: str | None = None
    ) -> Work[QueueState]:
        """Let at most so many tasks of a queue run at a time, over all workers; None for any number."""
        if limit is not None and (type(limit) is not int or limit < 1):
            raise InvalidInput("limit", f"{limit!r} is no number of tasks", "1 or more, or None")
        told = checked(Switch, queue=queue, limit=limit, by=by, why=why)
        return self._switch(told, limited(queue, limit, by, why))

    def stale(self, older_than: timedelta | float, *, limit: int = 100) -> Work[Sequence[ReadyRow]]:
        """Return tasks that have been offered for so long and never started, oldest first."""
        span = door.span(older_than, "older_than")
        return lambda service: service.stale(span, limit)

    def clean_up(self, older_than: timedelta | float, *, limit: int = 1000) -> Work[Sequence[UUID]]:
        """Fail the tasks that have been offered for so long and never started; returns which."""
        span = door.span(older_than, "older_than")
        return lambda service: service.orchestrator.clean_up(span, limit=limit)

    # -- questions

    def status(self, task_id: TaskId) -> Work[TaskView]:
        """Return a task as its facts tell it. Raises UnknownTask."""
        known = door.task(task_id)
        return lambda service: service.orchestrator.status(known)

    def history(self, task_id: TaskId) -> Work[Sequence[Story]]:
        """Return every fact of a task, with its position and the status it led to. Raises UnknownTask."""
        known = door.task(task_id)
        return lambda service: service.orchestrator.history(known)

    def wait(self, task_id: TaskId, timeout: float | None = None) -> Work[TaskView]:
        """Return a task once its run is over, well or not. Raises UnknownTask, WaitTimeout."""
        known = door.task(task_id)
        return lambda service: service.wait(known, timeout)

    def stats(self, *, window_minutes: int | None = 60) -> Work[Overview]:
        """Return how things stand: tasks by status, throughput, latency, retries, queues, workers."""
        return lambda service: service.overview(window_minutes)

    def on(self, topic: str, listener: Callable[[Event], Any]) -> Work[Callable[[], None]]:
        """Call a listener for every later fact or notice of this topic; `*` stands for anything.

        Facts of every process are heard, after their commit, at most once; a listener runs on a thread of
        its own, an `async def` one on its caller's loop, and its error reaches nobody else. Returns a
        function that ends it.
        """
        core, at_home_listener = self._core, at_home(listener)

        async def listen(service: Service) -> Callable[[], None]:
            ways_out = await core.listen(service, topic, at_home_listener)

            def end() -> None:
                for way_out in ways_out:
                    way_out()

            return end

        return listen

    def _switch(self, told: Switch, make: Decision) -> Work[QueueState]:
        return lambda service: service.switch_queue(told.queue, make)
