"""The life of a task: each fact's line states which statuses it follows and what it makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import ClassVar, TypeVar
from uuid import UUID

from arbiter.domain.blob import NULL, Blob
from arbiter.domain.facts.base import FACTS, Fact, named
from arbiter.domain.facts.parts import Decision, Failure, Violation, Wait
from arbiter.domain.limits import NO_LIMITS, Limits
from arbiter.domain.retry import RetryPolicy
from arbiter.domain.status import Status

T = TypeVar("T", bound="type[TaskFact]")

PENDING, HELD, QUEUED, ASSIGNED, RUNNING, SUSPENDED, COMPLETED, FAILED, CANCELLED, REJECTED = Status
HERE = None
"""The status stays what it is."""


class TaskFact(Fact, frozen=True, kw_only=True):
    """Something that happened to one task."""

    after: ClassVar[frozenset[Status]]
    """The statuses it may follow; none for the first fact of a task."""

    becomes: ClassVar[Status | None]
    """The status it leads to; None where the status stays."""

    task_id: UUID

    @property
    def stream_id(self) -> UUID:
        """The task's own stream."""
        return self.task_id


def fact(topic: str, *, after: Iterable[Status], becomes: Status | None) -> Callable[[T], T]:
    """State a fact's name on disk and its row of the transition table."""

    def state(happening: T) -> T:
        happening.after, happening.becomes = frozenset(after), becomes
        return named(topic)(happening)

    return state


@fact("task.submitted", after=(), becomes=PENDING)
class TaskSubmitted(TaskFact, frozen=True, kw_only=True):
    """Somebody asked for work."""

    kind: str
    payload: Blob = NULL
    queue: str = "default"
    tenant: str = "default"
    priority: int = 5
    requirements: dict[str, tuple[str, ...]] = {}
    not_before: datetime | None = None
    limits: Limits = NO_LIMITS
    retry: RetryPolicy | None = None
    idempotency_key: str | None = None
    hold: str | None = None
    """The reason a person gave for holding the task until it is approved."""

    hold_until: datetime | None = None
    subject: str | None = None
    parent: UUID | None = None
    cause: str | None = None
    trace: str | None = None
    by: str | None = None


@fact("task.validated", after={PENDING}, becomes=QUEUED)
class TaskValidated(TaskFact, frozen=True, kw_only=True):
    """The gate let the task into the queue."""

    verdict: str = "pass"
    policies: dict[str, int] = {}
    waivers: tuple[str, ...] = ()
    approval: str | None = None
    """The digest under which a person approved it, where one had to."""

    compliance: float | None = None
    governance_position: int = 0


@fact("task.held", after={PENDING}, becomes=HELD)
class TaskHeld(TaskFact, frozen=True, kw_only=True):
    """The gate keeps the task back until what it waits for has come."""

    waits_for: tuple[Wait, ...]
    until: datetime | None = None


@fact("task.rejected", after={PENDING, HELD}, becomes=REJECTED)
class TaskRejected(TaskFact, frozen=True, kw_only=True):
    """The task will not be done."""

    violations: tuple[Violation, ...]
    by: str | None = None


@fact("task.approved", after={HELD}, becomes=PENDING)
class TaskApproved(TaskFact, frozen=True, kw_only=True):
    """A person agreed to exactly this work."""

    digest: str
    by: str | None = None
    why: str | None = None
    until: datetime | None = None
    """When the approval expires; None for never."""


@fact("task.regated", after={HELD, QUEUED}, becomes=PENDING)
class TaskRegated(TaskFact, frozen=True, kw_only=True):
    """Something the gate depends on has changed, so the task passes it again."""

    changed: str


@fact("task.deferred", after={QUEUED}, becomes=HERE)
class TaskDeferred(TaskFact, frozen=True, kw_only=True):
    """The task cannot be dispatched now; recorded when the reason changes."""

    reason: str
    look_again: datetime


@fact("task.routed", after={QUEUED}, becomes=ASSIGNED)
class TaskRouted(TaskFact, frozen=True, kw_only=True):
    """An agent was chosen for the next attempt."""

    run: int
    attempt: int
    attempt_id: UUID
    agent: str
    incarnation: UUID
    decision: Decision
    retry: RetryPolicy | None = None
    """The agent's own policy, where the submission named none."""

    limits: Limits | None = None
    """The limits in force, where the agent's own complete those of the submission."""


@fact("task.started", after={ASSIGNED}, becomes=RUNNING)
class TaskStarted(TaskFact, frozen=True, kw_only=True):
    """The handler has a slot and begins."""

    deadline: datetime | None = None
    alone: bool = False
    """It runs in a process of its own, because its workers were lost before."""


@fact("task.checkpointed", after={RUNNING}, becomes=HERE)
class TaskCheckpointed(TaskFact, frozen=True, kw_only=True):
    """The handler wrote down how far it has come."""

    progress: Blob


@fact("task.usage_reported", after={RUNNING}, becomes=HERE)
class TaskUsageReported(TaskFact, frozen=True, kw_only=True):
    """The handler told what this attempt has used so far; the numbers are cumulative."""

    files: int = 0
    lines: int = 0
    tokens: int = 0
    cost: float = 0.0
    violations: tuple[Violation, ...] = ()


@fact("task.handed_over", after={RUNNING}, becomes=HERE)
class TaskHandedOver(TaskFact, frozen=True, kw_only=True):
    """An agent outside took the attempt over and answers later; no worker holds it any more."""

    attempt_id: UUID
    agent: str
    until: datetime
    """When the attempt times out: the only thing, but for its answer, that ends it by itself."""


@fact("task.completed", after={RUNNING}, becomes=COMPLETED)
class TaskCompleted(TaskFact, frozen=True, kw_only=True):
    """The work is done."""

    result: Blob = NULL
    latency_ms: float = 0.0
    """From the start of this attempt to its result."""

    quality: float | None = None
    cost: float | None = None


@fact("task.attempt_failed", after={ASSIGNED, RUNNING}, becomes=QUEUED)
class TaskAttemptFailed(TaskFact, frozen=True, kw_only=True):
    """This attempt failed, and another one follows: this is the retry."""

    error: Failure
    attempt: int
    not_before: datetime


@fact("task.failed", after={HELD, QUEUED, ASSIGNED, RUNNING, SUSPENDED}, becomes=FAILED)
class TaskFailed(TaskFact, frozen=True, kw_only=True):
    """The run has ended without a result; the task is parked until a redrive."""

    error: Failure
    attempts: int


@fact("task.released", after={ASSIGNED, RUNNING}, becomes=QUEUED)
class TaskReleased(TaskFact, frozen=True, kw_only=True):
    """The worker gave the task back unfinished; it costs no attempt."""

    reason: str = "drain"


@fact("task.suspended", after={HELD, QUEUED, ASSIGNED, RUNNING}, becomes=SUSPENDED)
class TaskSuspended(TaskFact, frozen=True, kw_only=True):
    """Somebody set the task aside."""

    by: str | None = None
    why: str | None = None


@fact("task.resumed", after={SUSPENDED}, becomes=PENDING)
class TaskResumed(TaskFact, frozen=True, kw_only=True):
    """Somebody let the task go on; it passes the gate again."""

    by: str | None = None


@fact("task.redriven", after={FAILED}, becomes=PENDING)
class TaskRedriven(TaskFact, frozen=True, kw_only=True):
    """Somebody began a new run of a parked task."""

    run: int
    by: str | None = None
    why: str | None = None
    payload: Blob | None = None
    not_before: datetime | None = None
    """Where the last attempt timed out just now: until when its handler may still be stopping."""


@fact("task.rescheduled", after={HELD, QUEUED, SUSPENDED}, becomes=HERE)
class TaskRescheduled(TaskFact, frozen=True, kw_only=True):
    """Somebody changed when, or how soon before others, the task is offered."""

    priority: int | None = None
    not_before: datetime | None = None
    by: str | None = None
    why: str | None = None


@fact(
    "task.cancelled",
    after={PENDING, HELD, QUEUED, ASSIGNED, RUNNING, SUSPENDED},
    becomes=CANCELLED,
)
class TaskCancelled(TaskFact, frozen=True, kw_only=True):
    """Somebody ended the task on request."""

    by: str | None = None
    why: str | None = None


def task_facts() -> list[type[TaskFact]]:
    """Every fact of a task's life, in the order of the table."""
    return [known for known in FACTS.values() if issubclass(known, TaskFact)]
