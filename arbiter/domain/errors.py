"""Every refusal Arbiter can give: one class for each thing a caller would do differently."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID


class ArbiterError(Exception):
    """The root of all refusals; `code` is stable, the message is one line for a person."""

    code: ClassVar[str] = "arbiter_error"

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross into another process whole, whatever the constructor takes."""
        return _made_again, (type(self), self.args, self.__dict__)


def _made_again(
    kind: type[ArbiterError], said: tuple[Any, ...], kept: dict[str, Any]
) -> ArbiterError:
    error = kind.__new__(kind, *said)
    error.args = said
    error.__dict__.update(kept)
    return error


class InvalidInput(ArbiterError):
    """A value that came in by a door breaks a rule of that door; nothing was written."""

    code = "invalid_input"

    def __init__(self, field: str, reason: str, expected: str = "") -> None:
        """Name the field, the reason, and what would be right."""
        self.field, self.reason, self.expected = field, reason, expected
        super().__init__(f"{field}: {reason}" + (f"; {expected}" if expected else ""))


class InvalidAgent(InvalidInput):
    """What is said of an agent cannot be meant; nothing was written."""

    code = "invalid_agent_data"


class AgentNotFound(ArbiterError):
    """No agent of this name was ever registered."""

    code = "agent_not_found"

    def __init__(self, name: str, nearest: str | None = None) -> None:
        """Name the nearest known agent, if there is one."""
        self.name, self.nearest = name, nearest
        hint = f"; did you mean {nearest!r}?" if nearest else ""
        super().__init__(f"agent: no agent is registered as {name!r}{hint}")


class PatternNotFound(ArbiterError):
    """No failure pattern has this fingerprint."""

    code = "failure_pattern_not_found"

    def __init__(self, fingerprint: str) -> None:
        """Keep what was asked for."""
        self.fingerprint = fingerprint
        super().__init__(f"fingerprint: no failure pattern is known as {fingerprint!r}")


class AgentAlreadyExists(ArbiterError):
    """The name belongs to an agent that is there already."""

    code = "agent_already_exists"

    def __init__(self, name: str) -> None:
        """Say what would be right."""
        self.name = name
        super().__init__(
            f"agent: {name!r} is registered already; use another name, update it, or register it"
            " with mode='idempotent'"
        )


class AgentGone(ArbiterError):
    """The agent was retired: it can only be registered again."""

    code = "agent_retired"

    def __init__(self, name: str, order: str) -> None:
        """Say what cannot be done with it."""
        self.name, self.order = name, order
        super().__init__(f"agent: cannot {order} {name!r}, it was retired; register it again")


class RegistryFull(ArbiterError):
    """As many agents are registered as there may be."""

    code = "registry_full"

    def __init__(self, limit: int) -> None:
        """Say how many there may be."""
        self.limit = limit
        super().__init__(
            f"agents: {limit:,} are registered, which is the limit; retire some, or raise agent_limit"
        )


class UnknownKind(ArbiterError):
    """No agent has ever been registered for this kind of task."""

    code = "unknown_kind"

    def __init__(self, kind: str, nearest: str | None, known: int) -> None:
        """Name the nearest known kind, if there is one."""
        self.kind, self.nearest = kind, nearest
        hint = f"did you mean {nearest!r}?" if nearest else f"{known} kinds are known"
        super().__init__(
            f"kind: {kind!r} has never been hosted by an agent; {hint}"
            " (any_kind=True accepts it and lets it wait for one)"
        )


class UnknownTask(ArbiterError):
    """There is no task of this id."""

    code = "unknown_task"

    def __init__(self, task_id: UUID) -> None:
        """Keep the id that was asked for."""
        self.task_id = task_id
        super().__init__(f"task_id: there is no task {task_id}")


class IllegalTransition(ArbiterError):
    """The lifecycle has no such arrow."""

    code = "illegal_transition"

    def __init__(self, task_id: UUID, topic: str, status: str, after: frozenset[str]) -> None:
        """Say which fact was refused, in which status, and where it would have been right."""
        self.task_id, self.topic, self.status, self.after = task_id, topic, status, after
        allowed = ", ".join(sorted(after)) or "nothing"
        super().__init__(
            f"status: {topic} cannot follow while task {task_id} is {status}; it follows {allowed}"
        )


class BreakerUnchanged(ArbiterError):
    """The breaker already is what it was asked to become, or cannot become it from there."""

    code = "breaker_unchanged"

    def __init__(self, agent: str, topic: str, state: str) -> None:
        """Say which fact was refused, and where the breaker stands."""
        self.agent, self.topic, self.state = agent, topic, state
        super().__init__(f"breaker: {topic} cannot follow while the breaker of {agent} is {state}")


class NothingToRate(ArbiterError):
    """The task has no result that somebody could judge."""

    code = "nothing_to_rate"

    def __init__(self, task_id: UUID, status: str) -> None:
        """Say where the task stands."""
        self.task_id, self.status = task_id, status
        super().__init__(
            f"task_id: task {task_id} is {status}; only the result of a completed one can be rated"
        )


class AttemptFenced(ArbiterError):
    """The attempt no longer holds the task: its report comes too late."""

    code = "attempt_fenced"

    def __init__(self, task_id: UUID, attempt_id: UUID) -> None:
        """Keep both ids."""
        self.task_id, self.attempt_id = task_id, attempt_id
        super().__init__(f"attempt_id: attempt {attempt_id} no longer holds task {task_id}")


class UnknownAttempt(ArbiterError):
    """No attempt of this id was handed to an agent outside."""

    code = "unknown_attempt"

    def __init__(self, attempt_id: UUID) -> None:
        """Keep the id that was asked for."""
        self.attempt_id = attempt_id
        super().__init__(f"attempt_id: no attempt {attempt_id} was handed to a remote agent")


class BadSignature(ArbiterError):
    """A report is not proven to come from the agent that holds the attempt; nothing was written."""

    code = "bad_signature"

    def __init__(self, reason: str) -> None:
        """Say what is wrong with it."""
        super().__init__(f"signature: {reason}; sign the exact bytes with the agent's secret")


class ApprovalMismatch(ArbiterError):
    """What was approved is not what the task would do now."""

    code = "approval_mismatch"

    def __init__(self, task_id: UUID, approved: str, actual: str) -> None:
        """Keep both digests."""
        self.task_id, self.approved, self.actual = task_id, approved, actual
        super().__init__(
            f"digest: task {task_id} now has digest {actual[:12]}…, not {approved[:12]}…;"
            " look at it again and approve that"
        )


class IdempotencyConflict(ArbiterError):
    """The same idempotency key was used before for something else."""

    code = "idempotency_conflict"

    def __init__(self, key: str, task_id: UUID) -> None:
        """Name the task that holds the key."""
        self.key, self.task_id = key, task_id
        super().__init__(
            f"idempotency_key: {key!r} already belongs to task {task_id}, which has another kind"
            " or payload; use another key, or submit exactly the same again"
        )


class Conflict(ArbiterError):
    """Another append came first; load again and decide again."""

    code = "conflict"

    def __init__(self, task_id: UUID, version: int) -> None:
        """Keep the version that was expected."""
        self.task_id, self.version = task_id, version
        super().__init__(f"version: task {task_id} has moved on from version {version}")


class WaitTimeout(ArbiterError):
    """The task did not end in the time the caller gave it."""

    code = "wait_timeout"

    def __init__(self, task_id: UUID, status: str, seconds: float) -> None:
        """Say where the task stands now."""
        self.task_id, self.status, self.seconds = task_id, status, seconds
        super().__init__(f"timeout: task {task_id} is still {status} after {seconds:g} s")


class Stopped(ArbiterError):
    """This Arbiter has been stopped and takes no more commands."""

    code = "stopped"


class HoldExpired(ArbiterError):
    """The time to decide about a held task is over."""

    code = "hold_expired"

    def __init__(self, task_id: UUID, until: datetime) -> None:
        """Say when it ended."""
        self.task_id, self.until = task_id, until
        super().__init__(f"task {task_id} was held until {until.isoformat()}, which has passed")


class Unavailable(ArbiterError):
    """The database cannot be reached or lost the connection; nothing is known to be written."""

    code = "database_unavailable"


class ExtraMissing(ArbiterError):
    """What was asked for needs a package that is not installed."""

    code = "extra_missing"

    def __init__(self, what: str, extra: str) -> None:
        """Say how to get it."""
        self.what, self.extra = what, extra
        super().__init__(
            f"{what} needs an extra that is not installed;"
            f" pip install 'arbiter-orchestrator[{extra}]'"
        )
