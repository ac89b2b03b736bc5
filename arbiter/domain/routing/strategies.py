"""The strategies by name, each in the version that new decisions are made with."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

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


def named(name: str) -> Strategy:
    """The strategy of this name, with its usual parameters; InvalidInput if there is none."""
    try:
        return STRATEGIES[name]
    except KeyError:
        known = ", ".join(STRATEGIES)
        raise InvalidInput("strategy", f"{name!r} is unknown", f"one of {known}") from None
