"""Reads what a person types: moments, spans of time, JSON, files."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from arbiter.domain.errors import InvalidInput

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_SPAN = re.compile(rf"(?:{_PART.pattern})+")
_SPANS = "write it like 90, 90s, 10m, 1h30m or 2d"


def seconds(text: str, field: str) -> float:
    """Read a span of time, in seconds if it has no unit. Raises InvalidInput."""
    text = text.strip()
    try:
        if _SPAN.fullmatch(text):
            found = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
        else:
            found = float(re.fullmatch(r"\d+(\.\d+)?", text)[0])  # type: ignore[index]
        timedelta(seconds=found)
    except (TypeError, OverflowError):
        raise InvalidInput(field, f"{text!r} is no span of time", _SPANS) from None
    return found


def moment(text: str, field: str, *, ago: bool = False) -> datetime:
    """Read a moment: ISO 8601, in this machine's zone if it names none, or a span from now on.

    `+10m` is in ten minutes; with `ago`, `10m` was ten minutes ago. Raises InvalidInput.
    """
    example = "write 2030-01-31T08:00:00+00:00, or " + ("10m" if ago else "+10m")
    text = text.strip()
    try:
        if text.startswith("+") and not ago:
            return datetime.now(UTC) + timedelta(seconds=seconds(text[1:], field))
        if ago and re.fullmatch(rf"\d+(\.\d+)?|{_SPAN.pattern}", text):
            return datetime.now(UTC) - timedelta(seconds=seconds(text, field))
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(field, f"{text!r} is no moment", example) from None


def payload(word: str | None) -> Any:
    """Read a payload: JSON, `@file`, or `-` for standard input; nothing is null. Raises InvalidInput."""
    if word is None:
        return None
    if word == "-":
        return from_json(sys.stdin.buffer.read(), "payload (standard input)")
    if word.startswith("@"):
        return from_json(content(Path(word[1:]), "payload"), f"payload ({word[1:]})")
    return from_json(word, "payload")


def content(path: Path, field: str) -> bytes:
    """Return what a file holds. Raises InvalidInput."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(field, f"{path} cannot be read: {error.strerror}") from None


def from_json(text: bytes | str, field: str) -> Any:
    """Read JSON so that nothing of it is lost: no number is rounded, no key is dropped.

    Raises InvalidInput with the place of the first mistake. What JSON can say and the log cannot store
    (NaN, integers over 64 bit, U+0000) is left for the door to refuse, which knows its path.
    """
    try:
        known = text.decode() if isinstance(text, bytes) else text
        return json.loads(known, object_pairs_hook=_without_doubles)
    except json.JSONDecodeError as error:
        reason = f"not JSON: {_lower(error.msg)} at line {error.lineno} column {error.colno}"
        raise InvalidInput(field, reason, 'for example {"path": "src/app.py"}') from None
    except UnicodeDecodeError as error:
        raise InvalidInput(field, f"not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise InvalidInput(field, "not JSON to us: nested too deep") from None
    except ValueError as error:  # a key that stands twice; an integer of thousands of digits
        raise InvalidInput(field, f"not JSON to us: {_lower(str(error))}") from None


def named_values(words: Iterable[str], field: str) -> dict[str, tuple[str, ...]]:
    """Read `name=value` words; a name may come again. Raises InvalidInput."""
    found: dict[str, tuple[str, ...]] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (name and equals and value):
            raise InvalidInput(field, f"{word!r} is not name=value", "for example languages=python")
        found[name] = (*found.get(name, ()), value)
    return found


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        double = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {double!r} stands twice in one object")
    return found


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
