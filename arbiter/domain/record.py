"""What outcomes told about one agent doing one kind of task: what a router learns from."""

from __future__ import annotations

import msgspec

FORGET = 0.995
"""What an older outcome weighs beside the next one, in the posterior of success."""


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The defaults are what is believed before the first outcome: an optimistic start."""

    routed: int = 0
    """Attempts it was given, whatever became of them."""

    attempts: int = 0
    """Attempts that succeeded or failed; no others count for or against it."""

    success_rate: float = 0.8
    quality: float = 0.7
    latency_ms: float = 5000.0
    cost: float = 0.0
    """Mean of the attempts whose cost is known."""

    wins: float = 1.0
    """With `losses`, the Beta posterior of its success, recent outcomes weighing more."""

    losses: float = 1.0


NOTHING_KNOWN = Record()
