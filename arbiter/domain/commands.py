"""Orders, checked at the door; an order may be refused, a fact never."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.blob import Blob
from arbiter.domain.facts.transports import Transport
from arbiter.domain.limits import NO_LIMITS, Limits
from arbiter.domain.retry import RetryPolicy

ONE_WORD = r"^[^\s\x00-\x1f\x7f]+$"
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=ONE_WORD)]
"""A name of a kind, queue or tenant: no spaces, no control characters."""

Words = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]
"""A sentence a person gives as a reason."""

Ability = Annotated[
    str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00-\x1f\x7f]+$")
]
"""What an agent must be able to do: no control characters, which stand between abilities on their way."""

Kinds = Annotated[tuple[Name, ...], Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""From nothing to all of it: 0 to 1."""

Priority = Annotated[int, Field(ge=0, le=9, strict=True)]
Amount = Annotated[int, Field(ge=0, lt=2**63, strict=True)]
Quality = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)]
"""How good a result is: 0 is useless, 1 is right."""


class Command(BaseModel):
    """An order; unknown words in it are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Submit(Command):
    """Ask for work."""

    kind: Name
    payload: Blob
    queue: Name = "default"
    tenant: Name = "default"
    priority: Priority = 5
    requires: dict[Name, tuple[Ability, ...]] = Field(default_factory=dict)
    not_before: AwareDatetime | None = None
    limits: Limits = NO_LIMITS
    retry: RetryPolicy | None = None
    idempotency_key: Words | None = None
    hold: Words | None = None
    hold_until: AwareDatetime | None = None
    subject: Words | None = None
    parent: UUID | None = None
    cause: Words | None = None
    trace: Words | None = None
    by: Words | None = None
    any_kind: bool = False

    # Validators of single fields: what a submission does not say costs it nothing.

    @field_validator("limits")
    @classmethod
    def _sensible_limits(cls, limits: Limits) -> Limits:
        check_limits(limits)
        return limits

    @field_validator("retry")
    @classmethod
    def _sensible_retry(cls, retry: RetryPolicy | None) -> RetryPolicy | None:
        if retry is not None:
            check_retry(retry)
        return retry

    @field_validator("hold_until")
    @classmethod
    def _with_a_reason(cls, until: datetime | None, told: ValidationInfo) -> datetime | None:
        if until is not None and told.data.get("hold", "invalid already") is None:
            raise ValueError("says until when to hold, but there is no hold reason")
        return until


class Redrive(Command):
    """Begin a new run of a parked task, perhaps with another payload."""

    task_id: UUID
    payload: Blob | None = None
    by: Words | None = None
    why: Words | None = None


class Reschedule(Command):
    """Change when, or how soon before others, a waiting task is offered."""

    task_id: UUID
    priority: Priority | None = None
    not_before: AwareDatetime | None = None
    by: Words | None = None
    why: Words | None = None


class Decide(Command):
    """Cancel, suspend, resume, approve or reject one task, saying who and why."""

    task_id: UUID
    by: Words | None = None
    why: Words | None = None
    until: AwareDatetime | None = None
    digest: str | None = None


class Switch(Command):
    """Pause, resume or limit a queue."""

    queue: Name
    limit: Annotated[int, Field(ge=1, strict=True)] | None = None
    by: Words | None = None
    why: Words | None = None


class Guard(Command):
    """Open, close or reset the breaker of an agent or a transport."""

    name: Name
    until: AwareDatetime | None = None
    by: Words | None = None
    why: Words | None = None


class Profile(Command):
    """What an agent is, its kinds left out."""

    languages: tuple[Ability, ...] = ()
    specializations: tuple[Ability, ...] = ()
    model_family: Words | None = None
    concurrency: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 10
    cost_per_task: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    weight: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)] = 1.0
    reached_by: Transport | None = None
    retry: RetryPolicy | None = None
    limits: Limits | None = None

    @field_validator("retry")
    @classmethod
    def _sensible_retry(cls, retry: RetryPolicy | None) -> RetryPolicy | None:
        if retry is not None:
            check_retry(retry)
        return retry

    @field_validator("limits")
    @classmethod
    def _sensible_limits(cls, limits: Limits | None) -> Limits | None:
        if limits is not None:
            check_limits(limits)
        return limits


class DescribeAgent(Profile):
    """Describe an agent whole."""

    name: Name
    kinds: Kinds
    by: Words | None = None


class Declare(DescribeAgent):
    """Describe an agent that this process hosts."""

    isolation: Literal["thread", "process"] = "thread"


class UpdateAgent(Profile):
    """Change some of an agent's profile: only what is given counts."""

    kinds: Kinds = ()


class OrderAgent(Command):
    """Order something about one agent, saying who and why."""

    name: Name
    by: Words | None = None
    why: Words | None = None


class RetireAgent(OrderAgent):
    """Let an agent go."""


class SetAgentStatus(OrderAgent):
    """Say whether an agent takes new tasks."""

    status: AgentStatus


class FindAgents(Command):
    """Ask who can do a kind of task, and all else that is named."""

    kind: Name
    languages: tuple[Ability, ...] = ()
    specializations: tuple[Ability, ...] = ()
    max_utilization: Share | None = None
    min_success_rate: Share | None = None
    live: bool | None = None


class Rate(Command):
    """Say how good the result of a task is."""

    task_id: UUID
    quality: Quality
    by: Words
    why: Words | None = None


class Look(Command):
    """Ask how agents do."""

    agent: Name | None = None
    kind: Name | None = None
    now: AwareDatetime | None = None


class Report(Command):
    """Say, as the handler, how good one's own result is."""

    quality: Quality


class Usage(Command):
    """Tell what an attempt has used so far."""

    files: Amount = 0
    lines: Amount = 0
    tokens: Amount = 0
    cost: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


def check_retry(retry: RetryPolicy) -> None:
    """Refuse a policy that cannot be meant."""
    _number("retry.max_attempts", retry.max_attempts, least=1, most=1000)
    _number("retry.initial", retry.initial, least=0)
    _number("retry.cap", retry.cap, least=0)
    _number("retry.jitter", retry.jitter, least=0, most=1)
    if retry.backoff not in ("linear", "exponential", "constant"):
        raise ValueError("retry.backoff: must be 'linear', 'exponential' or 'constant'")
    _typed("retry", retry)
    for error_type, response in retry.on.items():
        if response not in ("retry", "fail", "hold"):
            raise ValueError(f"retry.on[{error_type!r}]: must be 'retry', 'fail' or 'hold'")


def check_limits(limits: Limits) -> None:
    """Refuse time limits that cannot be meant."""
    _typed("limits", limits)
    for name in ("schedule_to_start", "start_to_close", "total", "heartbeat"):
        value = getattr(limits, name)
        if value is not None:
            _number(f"limits.{name}", value, least=0.001, most=10 * 365 * 86400)


def _typed(field: str, value: Any) -> None:
    """Refuse a struct that would be written and never read again."""
    try:
        msgspec.convert(msgspec.to_builtins(value), type(value))
    except msgspec.ValidationError as wrong:
        reason, _, path = str(wrong).partition(" - at `$")
        raise ValueError(f"{field}{path.rstrip('`')}: {reason[0].lower()}{reason[1:]}") from None
    except TypeError as wrong:
        raise ValueError(f"{field}: {wrong}") from None


def _number(field: str, value: Any, *, least: float, most: float = 1e9) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{field}: must be a number, not {value!r}")  # noqa: TRY004 - the door speaks ValueError
    if not least <= value <= most:
        raise ValueError(f"{field}: {value} is out of range; must be from {least:g} to {most:g}")


__all__ = [
    "Command",
    "Decide",
    "Declare",
    "DescribeAgent",
    "FindAgents",
    "Redrive",
    "Reschedule",
    "RetireAgent",
    "SetAgentStatus",
    "Submit",
    "Switch",
    "UpdateAgent",
    "Usage",
    "check_limits",
    "check_retry",
]
