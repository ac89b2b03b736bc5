"""Which strategy decides for which kind of task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType

from arbiter.domain.errors import InvalidInput
from arbiter.domain.record import Reward
from arbiter.domain.routing import STRATEGIES, Strategy, named, near, parameters_of

OFF = "off"
"""Not a strategy: the agent with the largest free share of its slots, whatever was learnt."""

DEFAULT = "thompson"
STRATEGY_NAMES = (*STRATEGIES, OFF)
FLOOR = "floor"


@dataclass(frozen=True)
class Rule:
    """A strategy and its parameters, as somebody asked for them; raises InvalidInput for what is none."""

    strategy: str = DEFAULT
    parameters: Mapping[str, object] = field(default_factory=dict)
    made: Strategy | None = field(init=False, repr=False, compare=False)
    """None for off."""

    def __post_init__(self) -> None:
        """Make the strategy, so that a rule that can be had can be followed."""
        object.__setattr__(self, "made", self._make())

    def _make(self) -> Strategy | None:
        if self.strategy not in STRATEGY_NAMES:
            hint = near(self.strategy, list(STRATEGY_NAMES))
            raise InvalidInput("strategy", f"{self.strategy!r} is unknown", hint)
        if self.strategy != OFF:
            return named(self.strategy, self.parameters)
        for parameter in self.parameters:
            raise InvalidInput(parameter, "is no parameter of off", "it takes none")
        return None

    def floored(self, floor: float | None) -> Rule:
        """This rule with the exploration floor of all, where it has a floor and no own one."""
        if floor is None or FLOOR in self.parameters or self.made is None:
            return self
        if FLOOR not in parameters_of(self.made):
            return self
        return Rule(self.strategy, {**self.parameters, FLOOR: floor})


@dataclass(frozen=True, kw_only=True)
class RoutingPlan:
    """The rule for everything, and those for kinds by name or pattern (`review.*`)."""

    default: Rule = field(default_factory=Rule)
    kinds: Mapping[str, Rule] = field(default_factory=lambda: MappingProxyType({}))
    weights: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Weights of agents, for the strategy `weighted`; over what an agent's profile says."""

    reward: Reward = "success"
    """What Thompson sampling is to learn from."""

    price: float = 1.0
    """What one unit of cost takes from a utility."""

    def of(self, kind: str) -> Strategy | None:
        """The strategy of a kind, None for off: by its name, else by the longest pattern that fits."""
        rule = self.kinds.get(kind)
        if rule is None:
            fitting = [pattern for pattern in self.kinds if fnmatchcase(kind, pattern)]
            best = max(fitting, key=lambda pattern: (len(pattern), pattern), default=None)
            rule = self.default if best is None else self.kinds[best]
        return rule.made
