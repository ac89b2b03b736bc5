"""The strategies by name, each in the version that new decisions are made with, and their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, cast

import msgspec

from arbiter.domain.errors import InvalidInput
from arbiter.domain.routing.capability_match import CapabilityMatch
from arbiter.domain.routing.epsilon_greedy import EpsilonGreedy
from arbiter.domain.routing.least_loaded import LeastLoaded
from arbiter.domain.routing.strategy import Strategy
from arbiter.domain.routing.thompson import Thompson
from arbiter.domain.routing.weighted import Weighted

_USUAL: tuple[Strategy, ...] = (
    EpsilonGreedy(),
    Thompson(),
    CapabilityMatch(),
    LeastLoaded(),
    Weighted(),
)
STRATEGIES: Mapping[str, Strategy] = MappingProxyType({each.name: each for each in _USUAL})
GIVEN = frozenset({"name", "version", "seeks_best", "outside", "probabilities"})
"""What a strategy brings along and nobody sets."""


def named(name: str, parameters: Mapping[str, object] | None = None) -> Strategy:
    """The strategy of this name, with these parameters over its usual ones. Raises InvalidInput."""
    usual = STRATEGIES.get(name)
    if usual is None:
        raise InvalidInput("strategy", f"{name!r} is unknown", near(name, list(STRATEGIES)))
    return _with(usual, parameters) if parameters else usual


def parameters_of(strategy: Strategy) -> tuple[str, ...]:
    """The parameters of a strategy that can be set."""
    fields = cast("msgspec.Struct", strategy).__struct_fields__
    return tuple(name for name in fields if name not in GIVEN)


def near(name: str, known: list[str]) -> str:
    """What somebody may have meant, or what there is."""
    found = get_close_matches(name, known, n=1)
    return f"did you mean {found[0]!r}?" if found else f"one of {', '.join(known)}"


def _with(usual: Strategy, parameters: Mapping[str, object]) -> Strategy:
    settable = parameters_of(usual)
    for parameter in parameters:
        if parameter not in settable:
            hint = near(parameter, list(settable)) if settable else "it takes none"
            raise InvalidInput(parameter, f"is no parameter of {usual.name}", hint)
    try:
        whole: Any = msgspec.convert(dict(parameters), type(usual))
    except msgspec.ValidationError as wrong:
        said, _, place = str(wrong).rpartition(" - at `$.")
        raise InvalidInput(place.rstrip("`"), f"{said[0].lower()}{said[1:]}") from None
    return cast("Strategy", whole)
