"""Lives of tasks in the words of the domain, each fact decided by the real verb.

Steps stand for themselves or take details: `submitted`, `submitted(priority=9)`.
A builder reads as a sentence: `a_task().queued().routed_to("ruff").running()`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from arbiter.domain import facts as f
from arbiter.domain import verbs
from arbiter.domain.blob import Blob, blob_of
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.gate import Gate, PersonsHold
from arbiter.domain.status import Status
from arbiter.domain.task import Task, evolve

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
TASK = UUID("01900000-0000-7000-8000-000000000001")
WORKER = UUID("01900000-0000-7000-8000-00000000000a")
ERROR = f.Failure(kind="exception", type="ValueError", message="no such thing")
LOST = f.Failure(kind="worker_lost", type="WorkerLost", message="its worker was lost")
DECISION = f.Decision(strategy="first_able", reason="the only one able")
GATE: Gate = PersonsHold()

Decided = TaskFact | Sequence[TaskFact] | None


def attempt_of(task_id: UUID, number: int) -> UUID:
    """The id under which builders begin a task's n-th attempt."""
    return uuid5(task_id, f"attempt {number}")


FIRST, SECOND, THIRD = (attempt_of(TASK, number) for number in (1, 2, 3))


def facts_of(decided: Decided) -> tuple[TaskFact, ...]:
    """What was decided, as facts in order."""
    if decided is None:
        return ()
    return (decided,) if isinstance(decided, TaskFact) else tuple(decided)


@dataclass(frozen=True)
class Step:
    """What happens next in a task's life; called with details, the same step with them."""

    verb: Callable[..., Decided]
    details: dict[str, Any] = field(default_factory=dict)

    def __call__(self, **details: Any) -> Step:
        return Step(self.verb, self.details | details)

    def happens(self, task: Task | None, *, at: datetime = NOON) -> tuple[TaskFact, ...]:
        """Decide it for a task as it stands; a refusal is raised."""
        return facts_of(self.verb(task, **({"at": at} | self.details)))


def _submit(
    _: Task | None, *, task_id: UUID = TASK, kind: str = "code-review", **rest: Any
) -> Decided:
    return verbs.submit(task_id, kind, **rest)


def _hold(task: Task, *, reason: str = "look at it first", **rest: Any) -> Decided:
    return verbs.hold(task, (f.Wait(kind="person", reason=reason),), **rest)


def _route(task: Task, *, agent: str = "ruff", attempt: UUID | None = None, **rest: Any) -> Decided:
    details: dict[str, Any] = {"decision": DECISION, "incarnation": WORKER} | rest
    attempt_id = attempt or attempt_of(task.id, task.attempt + 1)
    return verbs.route(task, agent, attempt_id=attempt_id, **details)


def _with_its_attempt(verb: Callable[..., Decided], **usual: Any) -> Step:
    def decide(task: Task, *, attempt: UUID | None = None, **details: Any) -> Decided:
        return verb(task, attempt or task.attempt_id, **(usual | details))

    return Step(decide)


submitted = Step(_submit)
gated = Step(lambda task, *, at: GATE.answer(task, at=at))
validated = Step(verbs.validate)
held = Step(_hold)
refused = Step(verbs.refuse, {"violations": ()})
rejected = Step(verbs.reject, {"why": "not wanted"})
approved = Step(lambda task, **rest: verbs.approve(task, **({"digest": task.digest} | rest)))
regated = Step(verbs.regate, {"changed": "policy adopted"})
deferred = Step(verbs.defer, {"reason": "nobody able", "look_again": NOON + timedelta(minutes=1)})
routed = Step(_route)
started = _with_its_attempt(verbs.start)
checkpointed = _with_its_attempt(verbs.checkpoint, progress=blob_of(b'{"done":1}'))
usage_reported = _with_its_attempt(verbs.report_usage, files=1)
handed_over = _with_its_attempt(verbs.hand_over, callback_seconds=3600.0)
given_up = Step(verbs.give_up, {"chance": 0.5})
completed = _with_its_attempt(verbs.complete, result=blob_of(b'"done"'))
attempt_failed = _with_its_attempt(verbs.fail_attempt, error=ERROR, chance=0.5)
worker_lost = attempt_failed(error=LOST)
released = _with_its_attempt(verbs.release, reason="drain")
expired = Step(verbs.expire)
cleaned_up = Step(verbs.clean_up, {"why": "waited for too long"})
suspended = Step(verbs.suspend)
resumed = Step(verbs.resume)
redriven = Step(verbs.redrive)
rescheduled = Step(verbs.reschedule, {"priority": 9})
cancelled = Step(verbs.cancel)


@dataclass(frozen=True)
class TaskBuilder:
    """A task's life so far; every verb gives a longer one and leaves this one as it is."""

    facts: tuple[TaskFact, ...]
    task: Task
    at: datetime

    def then(self, *steps: Step) -> TaskBuilder:
        """Let these steps happen, one after the other."""
        facts, task = self.facts, self.task
        for step in steps:
            for happened in step.happens(task, at=self.at):
                facts, task = (*facts, happened), evolve(task, happened)
        return TaskBuilder(facts, task, self.at)

    def later(self, seconds: float) -> TaskBuilder:
        """Let time pass."""
        return replace(self, at=self.at + timedelta(seconds=seconds))

    def gated(self) -> TaskBuilder:
        """Let the gate answer, if the task stands before it."""
        return self.then(gated) if self.task.status is Status.PENDING else self

    def queued(self) -> TaskBuilder:
        """Pass the gate, approved by a person where one was asked."""
        passed = self.gated()
        return passed.approved() if passed.task.status is Status.HELD else passed

    def held(self, reason: str = "look at it first") -> TaskBuilder:
        """Be kept back at the gate."""
        return self.then(held(reason=reason))

    def approved(self, **details: Any) -> TaskBuilder:
        """Be approved as it is, and pass the gate again."""
        return self.then(approved(**details)).gated()

    def routed_to(self, agent: str = "ruff", **details: Any) -> TaskBuilder:
        """Be given to an agent, from the queue."""
        return self.queued().then(routed(agent=agent, **details))

    def running(self) -> TaskBuilder:
        """Be started, and routed before that where it was not."""
        ready = self if self.task.status is Status.ASSIGNED else self.routed_to()
        return ready.then(started)

    def checkpointed(self, progress: bytes) -> TaskBuilder:
        """Note progress, while running."""
        return self.then(checkpointed(progress=blob_of(progress)))

    def handed_over(self, **details: Any) -> TaskBuilder:
        """Be taken over by an agent outside."""
        return self._run().then(handed_over(**details))

    def completed(self, result: bytes = b'"done"') -> TaskBuilder:
        """End with a result."""
        return self._run().then(completed(result=blob_of(result)))

    def retrying(self, error: f.Failure = ERROR) -> TaskBuilder:
        """Fail one attempt."""
        return self._run().then(attempt_failed(error=error))

    def failed(self, error: f.Failure = ERROR) -> TaskBuilder:
        """Fail every attempt that is left, until the task is parked."""
        life = self.retrying(error)
        while life.task.status is not Status.FAILED:
            life = life.retrying(error)
        return life

    def released(self, reason: str = "drain") -> TaskBuilder:
        """Be given back by its worker."""
        return self.then(released(reason=reason))

    def suspended(self) -> TaskBuilder:
        """Be set aside."""
        return self.then(suspended)

    def resumed(self) -> TaskBuilder:
        """Go on, through the gate."""
        return self.then(resumed).gated()

    def redriven(self, payload: Blob | None = None) -> TaskBuilder:
        """Begin a new run, through the gate."""
        return self.then(redriven(payload=payload)).gated()

    def cancelled(self) -> TaskBuilder:
        """End on request."""
        return self.then(cancelled)

    def rejected(self, why: str = "not wanted") -> TaskBuilder:
        """Be turned down by a person, while held."""
        return self.then(rejected(why=why))

    def _run(self) -> TaskBuilder:
        return self if self.task.status is Status.RUNNING else self.running()


def a_task(*, at: datetime = NOON, **details: Any) -> TaskBuilder:
    """A task just submitted, before the gate; details are those of `submit`."""
    (first,) = submitted(**details).happens(None, at=at)
    return TaskBuilder((first,), evolve(None, first), at)
