"""Routing by what is known: which strategy decides for which kind, and what it may look at."""

from arbiter.application.routing.belief import Belief, Known, beliefs
from arbiter.application.routing.learned import Learned
from arbiter.application.routing.plan import OFF, STRATEGY_NAMES, RoutingPlan, Rule
from arbiter.application.routing.settings import Routing, RoutingTable, over

__all__ = [
    "OFF",
    "STRATEGY_NAMES",
    "Belief",
    "Known",
    "Learned",
    "Routing",
    "RoutingPlan",
    "RoutingTable",
    "Rule",
    "beliefs",
    "over",
]
