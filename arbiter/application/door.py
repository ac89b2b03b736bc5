"""Builds checked commands from what callers pass; both doors and the CLI come through here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Required, TypedDict, TypeVar
from uuid import UUID

from pydantic import ValidationError

from arbiter.application.payloads import PAYLOAD_LIMIT, to_blob
from arbiter.domain.commands import (
    ONE_WORD,
    Command,
    Decide,
    Rate,
    Redrive,
    Report,
    Reschedule,
    Submit,
)
from arbiter.domain.errors import InvalidInput
from arbiter.domain.limits import Limits
from arbiter.domain.retry import RetryPolicy

C = TypeVar("C", bound=Command)
MOST_SECONDS = 100 * 365 * 86400


class Options(TypedDict, total=False):
    """What a submission may say beside its kind and payload."""

    queue: str
    tenant: str
    priority: int
    requires: Mapping[str, Iterable[str]]
    not_before: datetime | None
    limits: Limits
    retry: RetryPolicy | None
    idempotency_key: str | None
    hold: str | None
    hold_until: datetime | None
    subject: str | None
    parent: UUID | str | None
    cause: str | None
    trace: str | None
    by: str | None
    any_kind: bool


class Submission(Options, total=False):
    """One of many: kind and payload, and the options of a submission."""

    kind: Required[str]
    payload: Any


def submissions(items: Iterable[Submission], limit: int, common: Mapping[str, Any]) -> list[Submit]:
    """Check many submissions; raises InvalidInput that names the place of the first mistake."""
    checked_items: list[Submit] = []
    for place, item in enumerate(items):
        try:
            checked_items.append(submission(**{**common, **item}, limit=limit))
        except InvalidInput as no:
            raise InvalidInput(f"[{place}].{no.field}", no.reason, no.expected) from None
        except TypeError:
            raise InvalidInput(
                f"[{place}]", "has no kind", "give a mapping with kind and payload"
            ) from None
    return checked_items


def submission(
    kind: str, payload: Any = None, *, limit: int = PAYLOAD_LIMIT, **options: Any
) -> Submit:
    """Check a submission; raises InvalidInput."""
    requires = options.get("requires")
    if isinstance(requires, Mapping):
        options["requires"] = {name: several(values) for name, values in requires.items()}
    return checked(Submit, kind=kind, payload=to_blob(payload, "payload", limit), **options)


def several(values: Any) -> Any:
    """Take one word where several may be named."""
    return (values,) if isinstance(values, str) else values


def decide(task_id: UUID | str, **said: Any) -> Decide:
    """Check an order about one task; raises InvalidInput."""
    return checked(Decide, task_id=task(task_id), **said)


def redrive(
    task_id: UUID | str, *, limit: int = PAYLOAD_LIMIT, payload: Any = ..., **said: Any
) -> Redrive:
    """Check a redrive; a payload that is left out stays as it was."""
    blob = None if payload is ... else to_blob(payload, "payload", limit)
    return checked(Redrive, task_id=task(task_id), payload=blob, **said)


def reschedule(task_id: UUID | str, **said: Any) -> Reschedule:
    """Check a rescheduling; raises InvalidInput."""
    if said.get("priority") is None and said.get("not_before") is None:
        raise InvalidInput("priority", "nothing to change", "give a priority or a not_before")
    return checked(Reschedule, task_id=task(task_id), **said)


def rate(task_id: UUID | str, **said: Any) -> Rate:
    """Check what a judge says; raises InvalidInput."""
    return checked(Rate, task_id=task(task_id), **said)


def quality(said: Any) -> float:
    """Check what a handler says of its own result; raises InvalidInput."""
    return checked(Report, quality=said).quality


def task(task_id: UUID | str) -> UUID:
    """Read a task's id; raises InvalidInput."""
    if isinstance(task_id, UUID):
        return task_id
    try:
        return UUID(task_id)
    except (ValueError, AttributeError, TypeError):
        raise InvalidInput(
            "task_id",
            f"{task_id!r} is not an id",
            "write it like 0193f2a4-7c1e-7b2a-9d53-0c2f4f6f8a10",
        ) from None


def span(value: Any, field: str) -> timedelta:
    """Read a span of time, seconds if it is a number; raises InvalidInput."""
    if isinstance(value, timedelta):
        return value
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 <= value < MOST_SECONDS
    ):
        raise InvalidInput(field, f"{value!r} is no span of time", "give seconds or a timedelta")
    return timedelta(seconds=value)


def checked(command: Callable[..., C], **values: Any) -> C:
    """Build a command, with its refusal in one line that names the field."""
    try:
        return command(**values)
    except ValidationError as wrong:
        raise _refusal(wrong) from None


def _refusal(wrong: ValidationError) -> InvalidInput:
    errors = wrong.errors()
    unknown = (error for error in errors if error["type"] == "extra_forbidden")
    first = next(unknown, errors[0])  # a word that is spelt wrong is missing somewhere else, too
    field = ".".join(str(part) for part in first["loc"])
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        return InvalidInput(field, "unknown option")
    place, colon, rest = reason.partition(": ")
    if colon and place.startswith(field) and " " not in place:  # the reason tells the place closer
        field, reason = place, rest
    shown = repr(first.get("input"))
    if first["type"] == "string_pattern_mismatch":
        said = shown if len(shown) <= 60 else "what is given"
        if first["ctx"]["pattern"] == ONE_WORD:
            return InvalidInput(field, f"{said} is not a name", "use one word")
        return InvalidInput(field, f"{said} has control characters in it", "leave them out")
    got = f" (got {shown})" if len(shown) <= 60 else ""
    return InvalidInput(field or "command", f"{reason[0].lower()}{reason[1:]}{got}")
