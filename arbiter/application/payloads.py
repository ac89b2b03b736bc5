"""The door for JSON: what cannot be stored exactly as it was given is refused, with its place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from arbiter.domain.blob import NULL, Blob, blob_of
from arbiter.domain.errors import InvalidInput

PAYLOAD_LIMIT = 256 * 1024
ERROR_LIMIT = 16 * 1024
DEEPEST = 250
_MOST_INT, _LEAST_INT = 2**64 - 1, -(2**63)
_SCALARS = frozenset({str, int, bool})
_PLAIN = (
    orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)


def to_blob(value: Any, field: str, limit: int = PAYLOAD_LIMIT) -> Blob:
    """Turn a Python value into stored JSON.

    Raises InvalidInput, naming the field and the place in it, for what JSON, or PostgreSQL, cannot hold
    exactly: NaN and infinities, integers over 64 bit, keys that are not strings, lone surrogates, U+0000,
    other types; and for more than `limit` bytes.
    """
    if value is None:
        return NULL
    try:
        json = orjson.dumps(value, option=_PLAIN)
    except (TypeError, ValueError, RecursionError) as error:
        raise _refusal(value, field, str(error)) from None
    # The encoder writes null for NaN and takes some types silently; both leave a trace to look for.
    if len(json) > limit:
        raise InvalidInput(
            field,
            f"{len(json):,} bytes of JSON are over the limit of {limit:,}",
            "store the bulk elsewhere and pass a reference, or raise the limit in the settings",
        )
    if b"null" in json or b"\\u0000" in json or not _is_simple(value):
        for path, found in _faults(value, field):
            raise InvalidInput(path, found, "use plain JSON values")
    return blob_of(json)


def clean_text(text: str, limit: int = ERROR_LIMIT) -> str:
    """Make an error text storable: what cannot be stored is escaped, what is too long is cut and says so."""
    kept = text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
    if len(kept) <= limit:
        return kept
    return f"{kept[:limit]}… ({len(kept) - limit:,} more characters)"


def _is_simple(value: Any) -> bool:
    """Cheap look at the common shape: a flat mapping or list of plain scalars."""
    if isinstance(value, dict):
        return _SCALARS.issuperset(map(type, value.values()))
    if isinstance(value, list):
        return _SCALARS.issuperset(map(type, value))
    return type(value) in _SCALARS


def _refusal(value: Any, field: str, said: str) -> InvalidInput:
    for path, found in _faults(value, field):
        return InvalidInput(path, found, "use plain JSON values")
    return InvalidInput(field, f"not JSON: {said}", "use plain JSON values")


def _faults(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Find what cannot be stored exactly, with its place."""
    match value:
        case None | bool():
            return
        case str():
            yield from _text_faults(value, path)
        case float() | int():
            yield from _number_faults(value, path)
        case dict() | list() | tuple():
            if depth > DEEPEST:
                yield path, f"nested more than {DEEPEST} deep"
                return
            for place, member in _members(value, path):
                yield from _faults(member, place, depth + 1)
            if isinstance(value, dict):
                yield from _key_faults(value, path)
        case _:
            yield path, f"a {type(value).__name__} is not JSON"


def _members(value: dict[Any, Any] | Sequence[Any], path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        return ((f"{path}.{key}", member) for key, member in value.items())
    return ((f"{path}[{place}]", member) for place, member in enumerate(value))


def _key_faults(value: dict[Any, Any], path: str) -> Iterator[tuple[str, str]]:
    for key in value:
        if isinstance(key, str):
            yield from _text_faults(key, f"{path}.{key!r}")
        else:
            yield path, f"the key {key!r} is not a string"


def _number_faults(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, float):
        if not math.isfinite(value):
            yield path, f"{value} is not a JSON number"
    elif not _LEAST_INT <= value <= _MOST_INT:
        yield path, "an integer of more than 64 bit"


def _text_faults(text: str, path: str) -> Iterator[tuple[str, str]]:
    if "\x00" in text:
        yield path, "U+0000 cannot be stored in text"
    try:
        text.encode()
    except UnicodeEncodeError:
        yield path, "a lone surrogate is not Unicode text"
