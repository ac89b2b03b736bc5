"""What a submission asks for, in the words of options and of JSON lines, as the library takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from arbiter.domain.errors import InvalidInput
from arbiter.interfaces.cli.reading import moment, named_values, seconds

PLAIN = (
    "kind",
    "payload",
    "queue",
    "tenant",
    "priority",
    "idempotency_key",
    "hold",
    "any_kind",
    "by",
)
RETRY = ("max_attempts", "backoff")
LIMITS = {"timeout": "start_to_close", "schedule_to_start": "schedule_to_start", "total": "total"}
NAMES = (*PLAIN, "requires", "not_before", *RETRY, *LIMITS)

Naming = Callable[[str], str]
"""How a wish is called where it came from, for refusals."""


def options(said: Mapping[str, Any], naming: Naming) -> dict[str, Any]:
    """Return the arguments of a submission. Raises InvalidInput."""
    from arbiter.domain.limits import Limits
    from arbiter.domain.retry import RetryPolicy

    for name in said:
        if name not in NAMES:
            near = get_close_matches(name, NAMES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(NAMES)}"
            raise InvalidInput(naming(name), "unknown field", hint)
    given = {name: value for name, value in said.items() if value is not None}
    wanted = {name: given[name] for name in PLAIN if name in given}
    if "requires" in given:
        wanted["requires"] = _needs(given["requires"], naming("requires"))
    if "not_before" in given:
        wanted["not_before"] = moment(_text(given, "not_before", naming), naming("not_before"))
    if any(name in given for name in RETRY):
        wanted["retry"] = RetryPolicy(**{name: given[name] for name in RETRY if name in given})
    if any(name in given for name in LIMITS):
        wanted["limits"] = Limits(
            **{
                limit: _seconds(given[name], naming(name))
                for name, limit in LIMITS.items()
                if name in given
            }
        )
    return wanted


def _needs(value: Any, field: str) -> dict[str, tuple[str, ...]]:
    if isinstance(value, list):
        return named_values([str(word) for word in value], field)
    if not isinstance(value, dict):
        raise InvalidInput(field, "is no object", 'for example {"languages": ["python"]}')
    return {
        name: tuple(needed) if isinstance(needed, list) else (needed,)
        for name, needed in value.items()
    }


def _seconds(value: Any, field: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return seconds(str(value), field)


def _text(given: Mapping[str, Any], name: str, naming: Naming) -> str:
    value = given[name]
    if not isinstance(value, str):
        raise InvalidInput(naming(name), f"{value!r} is no text")
    return value
