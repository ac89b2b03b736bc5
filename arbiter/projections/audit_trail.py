"""The whole log, to be read as sentences: who did what, when, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from arbiter.domain import facts as f
from arbiter.domain.facts import Fact
from arbiter.projections.base import Batch, Projection, Step, View
from arbiter.projections.task_line import short

SOMEBODY = "somebody"
"""Who gave no name."""


class AuditEntry(NamedTuple):
    """Where a fact stands and who did it; the sentence is told from the fact when it is read."""

    position: int
    at: datetime
    topic: str
    stream_id: UUID
    actor: str


class AuditTrailChange(msgspec.Struct, frozen=True):
    """One entry for every fact of the batch."""

    entries: Sequence[AuditEntry]


class AuditTrailView(View[AuditTrailChange]):
    """The entries, by position, by stream and by actor."""


class AuditTrail(Projection[AuditTrailChange]):
    """Enters every fact with its actor."""

    name = "audit_trail_v1"

    def fold(self, batch: Batch) -> AuditTrailChange:
        """Enter each fact of a batch."""
        return AuditTrailChange([_entry(step) for step in batch.steps])


def _entry(step: Step) -> AuditEntry:
    fact = step.fact
    return AuditEntry(step.position, fact.at, fact.topic, fact.stream_id, actor(step))


def actor(step: Step) -> str:
    """Tell who did it: a person by name, an agent, a worker, or the part of Arbiter that decided."""
    told = _ACTORS.get(type(step.fact))
    return told(step, step.fact) if told is not None else _person(step, step.fact)


def _person(_: Step, fact: Fact) -> str:
    by: str | None = getattr(fact, "by", None)
    return short(by) if by is not None else SOMEBODY


def _the(part: str) -> Callable[[Step, Fact], str]:
    return lambda _, __: part


def _agent(step: Step, _: Fact) -> str:
    agent = step.before.agent if step.before is not None else None
    return f"agent {agent}" if agent is not None else SOMEBODY


def _who_ended(step: Step, fact: f.TaskAttemptFailed | f.TaskFailed) -> str:
    match fact.error.kind:
        case "timeout":
            return "clock"
        case "worker_lost":
            return "reaper"
        case _:
            return _agent(step, fact)


def _who_rejected(step: Step, fact: f.TaskRejected) -> str:
    said_by_a_person = any(broken.rule == "person" for broken in fact.violations)
    return _person(step, fact) if said_by_a_person or fact.by is not None else "gate"


def _who_described(step: Step, fact: f.AgentProfiled) -> str:
    return _person(step, fact) if fact.by is not None else f"agent {fact.name}"


def _registry(step: Step, fact: f.AgentStatusChanged) -> str:
    return "registry" if fact.by is None else _person(step, fact)


def _breaker(step: Step, fact: f.BreakerFact) -> str:
    return "breaker" if fact.by is None else _person(step, fact)


def _judge(_: Step, fact: f.OutcomeRated) -> str:
    return short(fact.judge)


def _that_worker(_: Step, fact: f.WorkerFact) -> str:
    return f"worker {fact.incarnation}"


_ACTORS: dict[type[Fact], Callable[[Step, Any], str]] = {
    f.TaskValidated: _the("gate"),
    f.TaskHeld: _the("gate"),
    f.TaskRegated: _the("gate"),
    f.TaskRejected: _who_rejected,
    f.TaskDeferred: _the("router"),
    f.TaskRouted: _the("router"),
    f.TaskStarted: _agent,
    f.TaskCheckpointed: _agent,
    f.TaskUsageReported: _agent,
    f.TaskHandedOver: _agent,
    f.TaskCompleted: _agent,
    f.TaskAttemptFailed: _who_ended,
    f.TaskFailed: _who_ended,
    f.TaskReleased: _the("worker"),
    f.AgentRegistered: _who_described,
    f.AgentUpdated: _who_described,
    f.AgentStatusChanged: _registry,
    f.WorkerJoined: _that_worker,
    f.WorkerLeft: _that_worker,
    f.WorkerLost: _the("reaper"),
    f.BreakerOpened: _breaker,
    f.BreakerHalfOpened: _breaker,
    f.BreakerClosed: _breaker,
    f.FailureAlerted: _the("watch over failures"),
    f.OutcomeRated: _judge,
    f.AnomalyRaised: _the("watch over performance"),
    f.AnomalyResolved: _the("watch over performance"),
}
