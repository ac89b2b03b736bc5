"""Choosing the agent for a task: strategies say how probable each choice is, one draw decides."""

from arbiter.domain.facts.parts import Seen
from arbiter.domain.routing.decide import decide
from arbiter.domain.routing.draw import replay
from arbiter.domain.routing.reasons import told
from arbiter.domain.routing.router import Capable, MostFreeSlots, Router
from arbiter.domain.routing.strategies import STRATEGIES, named, near, parameters_of
from arbiter.domain.routing.strategy import Strategy, Weighed
from arbiter.domain.routing.thompson import Thompson

__all__ = [
    "STRATEGIES",
    "Capable",
    "MostFreeSlots",
    "Router",
    "Seen",
    "Strategy",
    "Thompson",
    "Weighed",
    "decide",
    "named",
    "near",
    "parameters_of",
    "replay",
    "told",
]
