"""What a decision earned: success alone, its quality, or its utility."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import get_args

import msgspec

from arbiter.application.evaluation.history import Choice
from arbiter.domain.errors import InvalidInput
from arbiter.domain.record import Reward

REWARDS: tuple[Reward, ...] = get_args(Reward)


class Rewarding(msgspec.Struct, frozen=True, kw_only=True):
    """How a decision is rewarded; raises InvalidInput for what cannot be meant."""

    reward: Reward = "success"
    """success: 1 or 0. quality: that of the result, 0 for a failure. utility: quality - price x cost."""

    price: float = 1.0
    """What one unit of cost takes from the utility."""

    def __post_init__(self) -> None:
        """Check both."""
        if self.reward not in REWARDS:
            known = ", ".join(REWARDS)
            raise InvalidInput("reward", f"{self.reward!r} is unknown", f"one of {known}")
        if not (isfinite(self.price) and self.price >= 0):
            raise InvalidInput("price", f"{self.price!r} is no price", "give a number from 0 on")

    def of(self, choice: Choice) -> float | None:
        """What a choice earned; None where nobody knows.

        Only a result and a failure of the agent's own are known. What was cancelled, timed out, lost with
        its worker, given back, or still runs is censored; so is a result nobody said the quality of, unless
        success alone counts, and a cost nobody told where cost counts.
        """
        if choice.end not in {"completed", "failed"}:
            return None
        if self.reward == "success":
            return float(choice.end == "completed")
        quality = 0.0 if choice.end == "failed" else choice.quality
        if quality is None or not 0.0 <= quality <= 1.0:
            return None
        if self.reward == "quality":
            return quality
        if choice.cost is None or not isfinite(choice.cost):
            return None
        return quality - self.price * choice.cost

    def limits(self, earned: Sequence[float]) -> tuple[float, float]:
        """The lowest and the highest reward; where cost counts, they are those of the log."""
        if self.reward == "utility":
            return min([0.0, *earned]), max([1.0, *earned])
        return 0.0, 1.0
