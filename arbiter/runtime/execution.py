"""One attempt while it runs, and what came of it."""

from __future__ import annotations

import asyncio
import traceback
from typing import Any
from uuid import UUID

import msgspec

from arbiter.application.payloads import clean_text
from arbiter.application.ports import Handle
from arbiter.domain import facts as f
from arbiter.domain.task import Task
from arbiter.runtime.hosted import HostedAgent
from arbiter.runtime.running import Assignment, StopFlag


class Returned(msgspec.Struct, frozen=True):
    """The handler ended with a value."""

    value: Any


class Raised(msgspec.Struct, frozen=True):
    """The handler ended with an error."""

    error: f.Failure


class Stopped(msgspec.Struct, frozen=True):
    """The handler ended because it was told to."""


class HandedOver(msgspec.Struct, frozen=True):
    """The handler left the work to an agent outside, which answers later."""

    seconds: float
    """How long it has for that, at most."""


class Declined(msgspec.Struct, frozen=True):
    """The handler did nothing, and the task shall be offered again."""

    reason: str


Outcome = Returned | Raised | Stopped | HandedOver | Declined


class Execution:
    """An attempt whose handler runs here."""

    __slots__ = (
        "agent",
        "alarms",
        "assignment",
        "begun",
        "closed",
        "cost",
        "entered",
        "last_beat",
        "quality",
        "reported",
        "runner",
        "stop",
        "task",
    )

    def __init__(self, task: Task, agent: HostedAgent, begun: float) -> None:
        """The task is running, and its start is durable."""
        assert task.attempt_id is not None, "a running task has an attempt"
        self.task = task
        self.agent = agent
        self.begun = begun
        self.last_beat = begun
        self.stop = StopFlag()
        self.entered = False
        """The runner has taken its first step: from then on it can be cancelled."""

        self.closed = False
        """The attempt is over in the log (timed out, cancelled, suspended, released)."""

        self.reported: asyncio.Future[object] | None = None
        """Done when the fact that closed the attempt is durable."""

        self.quality: float | None = None
        """How good its result is, as the handler said last."""

        self.cost: float = agent.profile.cost_per_task
        """What it cost, as its last report of usage says; until then what its agent costs."""

        self.runner: asyncio.Future[Any] | None = None
        self.alarms: list[Handle] = []
        self.assignment = Assignment(
            id=task.id,
            kind=task.kind,
            payload=task.payload.value(),
            queue=task.queue,
            tenant=task.tenant,
            attempt=task.attempt,
            run=task.run,
            attempt_id=task.attempt_id,
            agent=agent.name,
            checkpoint=task.checkpoint.value() if task.checkpoint is not None else None,
            deadline=task.deadline,
            trace=task.trace,
        )

    @property
    def attempt_id(self) -> UUID:
        """The attempt that holds the task."""
        return self.assignment.attempt_id

    @property
    def is_isolated(self) -> bool:
        """It runs in a process of its own: as its agent wants, or because it may kill where it runs."""
        return self.agent.isolation == "process" or (self.task.alone and self.agent.can_cross)

    def disarm(self) -> None:
        """No time limit bears on it any more."""
        for alarm in self.alarms:
            alarm.cancel()
        self.alarms.clear()


def failure_of(error: BaseException, kind: f.parts.FailureKind = "exception") -> f.Failure:
    """Describe an error so that it can be stored whatever it says."""
    detail = "".join(traceback.format_exception(error, limit=-8))
    return f.Failure(
        kind=kind,
        type=clean_text(type(error).__name__, 200),
        message=clean_text(_said(error)),
        detail=clean_text(detail),
    )


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - an error may fail to speak, too
        return f"(its message cannot be read: {type(error).__name__}.__str__ failed)"
