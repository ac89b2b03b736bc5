"""How to route, as settings say it: `[routing]` and `[routing.kinds."review.*"]` in TOML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from arbiter.application.routing.plan import RoutingPlan, Rule
from arbiter.domain.errors import InvalidInput
from arbiter.domain.record import Reward
from arbiter.domain.routing import near

STRATEGY = "strategy"


class KindRouting(BaseModel):
    """The strategy of some kinds; every other key is a parameter of it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    strategy: str


class Routing(BaseModel):
    """Which strategy decides for which kind of task."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    strategy: str = Rule().strategy
    """thompson, epsilon_greedy, capability_match, least_loaded, weighted, or off."""

    floor: Annotated[float, Field(ge=0.0001, le=0.5)] | None = None
    """What is kept for exploring, in every strategy that has a floor and is not given its own."""

    reward: Reward = "success"
    """What Thompson sampling learns from: success; quality, which is success x quality; or utility, which is
    success x quality - price x cost.
    """

    price: Annotated[float, Field(ge=0, le=1_000_000)] = 1.0
    """What one unit of cost takes from a utility; cost is in the unit in which handlers report it."""

    weights: Mapping[str, Annotated[float, Field(ge=0, le=1_000_000)]] = Field(default_factory=dict)
    """Shares of agents under `weighted`."""

    parameters: Mapping[str, Any] = Field(default_factory=dict)
    """Those of the strategy of all kinds."""

    kinds: Mapping[str, KindRouting] = Field(default_factory=dict)
    """By kind, or by a pattern of kinds; the name itself goes before the longest pattern that fits."""

    @model_validator(mode="before")
    @classmethod
    def _known(cls, values: Any) -> Any:
        for name in values if isinstance(values, Mapping) else ():
            if name not in cls.model_fields:
                raise ValueError(f"{name}: unknown; {near(name, list(cls.model_fields))}")
        return values

    @model_validator(mode="after")
    def _can_be_followed(self) -> Routing:
        _ = self.plan
        return self

    @property
    def plan(self) -> RoutingPlan:
        """The rules, made."""
        default = _rule("", self.strategy, self.parameters, self.floor)
        return RoutingPlan(
            default=default,
            kinds={kind: self._of(kind, told) for kind, told in self.kinds.items()},
            weights=dict(self.weights),
            reward=self.reward,
            price=self.price,
        )

    def _of(self, kind: str, told: KindRouting) -> Rule:
        return _rule(f"kinds.{kind}: ", told.strategy, told.model_extra or {}, self.floor)


def _rule(place: str, strategy: str, parameters: Mapping[str, Any], floor: float | None) -> Rule:
    try:
        return Rule(strategy, parameters).floored(floor)
    except InvalidInput as wrong:
        raise ValueError(f"{place}{wrong}") from None


def _by_name(value: Any) -> Any:
    return {STRATEGY: value} if isinstance(value, str) else value


RoutingTable = Annotated[Routing, BeforeValidator(_by_name)]


def over(table: Any, value: Any) -> Any:
    """A strategy's name over a table keeps what is for any strategy; anything else replaces it."""
    if not isinstance(value, str) or not isinstance(table, Mapping):
        return value
    kept = {**table, STRATEGY: value}
    if table.get(STRATEGY, Routing().strategy) != value:
        kept.pop("parameters", None)
    return kept
