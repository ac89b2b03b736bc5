"""What an agent answers: one JSON document, the same on standard output, in a response and in a callback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import orjson

from arbiter.application.door import checked
from arbiter.application.payloads import clean_text
from arbiter.domain import facts as f
from arbiter.domain.commands import Usage
from arbiter.domain.errors import InvalidInput

SHAPE = 'one JSON object with "result" or "error"'
ROOM = 64 * 1024
"""Bytes an answer may have beyond its result."""


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An error as an agent tells it."""

    type: str = "AgentError"
    message: str = ""
    detail: str = ""
    retry: bool = True
    """False: another attempt would fail in the same way."""


class _Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    result: Any = msgspec.UNSET
    error: Told | msgspec.UnsetType = msgspec.UNSET
    quality: float | None = None
    usage: dict[str, Any] = {}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended, as its agent tells it."""

    result: Any = None
    error: f.Failure | None = None
    quality: float | None = None
    """0..1: how good the agent holds its result to be."""

    usage: Mapping[str, Any] = {}
    """What the attempt has used, in the words of task.usage_reported."""


def read_answer(body: bytes) -> Answer:
    """Read an answer. Raises InvalidInput, with the place of a mistake."""
    try:
        document = msgspec.convert(orjson.loads(body), _Document)
    except orjson.JSONDecodeError as no:
        raise InvalidInput("answer", f"not JSON: {_first_line(no)}", SHAPE) from None
    except msgspec.ValidationError as wrong:
        raise InvalidInput("answer", _first_line(wrong), SHAPE) from None
    if (document.result is msgspec.UNSET) == (document.error is msgspec.UNSET):
        raise InvalidInput("answer", "has to tell a result or an error, one of both", SHAPE)
    if document.quality is not None and not 0 <= document.quality <= 1:
        raise InvalidInput("answer.quality", f"{document.quality:g} is out of range", "from 0 to 1")
    usage = _usage(document.usage)
    if isinstance(document.error, Told):
        return Answer(error=_failure(document.error), usage=usage)
    return Answer(result=document.result, quality=document.quality, usage=usage)


def answer_bytes(answer: bytes | str | Mapping[str, Any]) -> bytes:
    """Return an answer as the bytes that are signed: text as it is, a mapping with its keys in order."""
    if isinstance(answer, bytes):
        return answer
    if isinstance(answer, str):
        return answer.encode()
    try:
        return orjson.dumps(dict(answer), option=orjson.OPT_SORT_KEYS)
    except TypeError as no:
        raise InvalidInput("answer", f"not JSON: {no}", SHAPE) from None


def _failure(told: Told) -> f.Failure:
    return f.Failure(
        kind="exception" if told.retry else "refused",
        type=clean_text(told.type, 200) or "AgentError",
        message=clean_text(told.message),
        detail=clean_text(told.detail),
    )


def _usage(told: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return checked(Usage, **told).model_dump(exclude_unset=True)
    except InvalidInput as no:
        raise InvalidInput(f"answer.usage.{no.field}", no.reason, no.expected) from None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
