"""What outcomes told about an agent at a kind of work: what the router learns from.

Totals are whole numbers, so that they add up in any order. The weighted numbers are followed outcome by
outcome, in the order of the log and never in any other way: so they come out equal, to the last bit,
however the log was cut into batches and whenever it is folded again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

FORGET = 0.995
"""What an outcome weighs after one more has come: after 138 it weighs half."""

BILLION = 1_000_000_000
"""Quality and cost are summed as whole billionths."""

FIRST_SUCCESS_RATE, FIRST_QUALITY, FIRST_LATENCY_MS = 0.8, 0.7, 5000.0
"""What is believed of an agent before its first result: an optimistic start, which that result replaces."""

Reward = Literal["success", "quality", "utility"]
"""What a choice is to be rewarded for: success alone; success x quality of what was done; or its utility,
success x quality - price x cost, where the price says what one unit of cost takes from the reward.
"""

LEAST = 0.001
"""However dear an agent is, this much of a reward is believed possible, and so is this much of a loss."""


class Rating(msgspec.Struct, frozen=True, gc=False):
    """What an attempt's quality is taken for from now on, and what it was taken for before."""

    quality: float
    before: float | None = None


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One agent at one kind."""

    routed: int = 0
    """Attempts it was given."""

    completed: int = 0
    failed: int = 0
    """Attempts whose error counts against it."""

    timed: int = 0
    latency_us: int = 0
    rated: int = 0
    quality_e9: int = 0
    priced: int = 0
    cost_e9: int = 0

    wins: float = 0.0
    losses: float = 0.0
    """Successes and failures, each weighing FORGET times as much with every outcome that followed."""

    good: float = 0.0
    bad: float = 0.0
    """The same of quality and of what is missing to 1, with every rating that followed."""

    position: int = 0
    """Its last fact."""

    @property
    def attempts(self) -> int:
        """Outcomes that count: completed and failed."""
        return self.completed + self.failed

    @property
    def success_rate(self) -> float:
        """The running average of all outcomes, old + (x - old) / n, which is their mean."""
        return mean(self.completed, self.attempts, FIRST_SUCCESS_RATE)

    @property
    def quality(self) -> float:
        """The mean of what is known of quality."""
        return mean(self.quality_e9 / BILLION, self.rated, FIRST_QUALITY)

    @property
    def latency_ms(self) -> float:
        """The mean time an attempt took."""
        return mean(self.latency_us / 1000, self.timed, FIRST_LATENCY_MS)

    @property
    def cost(self) -> float:
        """The mean cost of an attempt, of those whose cost is known."""
        return mean(self.cost_e9 / BILLION, self.priced, 0.0)

    def posterior(
        self, reward: Reward = "success", *, price: float = 0.0, unpriced: float = 0.0
    ) -> tuple[float, float]:
        """Return (wins, losses) of the Beta posterior of the reward, its prior included.

        Price and cost have a say in the utility alone; `unpriced` is taken for the cost while none is known.
        """
        succeeds = 1.0 + self.wins, 1.0 + self.losses
        if reward == "success":
            return succeeds
        is_good = 2 * FIRST_QUALITY + self.good, 2 * (1 - FIRST_QUALITY) + self.bad
        both = _product(succeeds, is_good)
        return (
            both
            if reward == "quality"
            else _lowered(both, price * (self.cost if self.priced else unpriced))
        )


NO_RECORD = Record()


def followed(
    record: Record, outcomes: Sequence[bool], *, forget: float = FORGET
) -> tuple[float, float]:
    """Follow outcomes one by one, True for a success; return the wins and losses after them."""
    wins, losses = record.wins, record.losses
    for success in outcomes:
        wins, losses = wins * forget, losses * forget
        if success:
            wins += 1.0
        else:
            losses += 1.0
    return wins, losses


def judged(record: Record, ratings: Sequence[Rating]) -> tuple[float, float]:
    """Follow ratings one by one; return what is good and bad after them.

    One that corrects an earlier word about the same attempt moves the balance and forgets nothing.
    """
    good, bad = record.good, record.bad
    for rating in ratings:
        if rating.before is None:
            good, bad = good * FORGET + rating.quality, bad * FORGET + (1.0 - rating.quality)
        else:
            both = good + bad
            good = min(both, max(0.0, good + rating.quality - rating.before))
            bad = both - good
    return good, bad


def mean(told: float, count: int, first: float) -> float:
    """Return the mean of what was told, or what is believed at first."""
    return told / count if count else first


def _product(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """The Beta distribution with mean and variance of the product of two independent ones."""
    (m1, v1), (m2, v2) = _moments(*one), _moments(*other)
    mean_of_both = m1 * m2
    variance = (v1 + m1 * m1) * (v2 + m2 * m2) - mean_of_both * mean_of_both
    weight = mean_of_both * (1.0 - mean_of_both) / variance - 1.0
    return mean_of_both * weight, (1.0 - mean_of_both) * weight


def _lowered(posterior: tuple[float, float], by: float) -> tuple[float, float]:
    """Move the mean down, and stay as sharp: a cost is known far better than what it brings."""
    wins, losses = posterior
    total = wins + losses
    lowered = min(1.0 - LEAST, max(LEAST, wins / total - by))
    return lowered * total, (1.0 - lowered) * total


def _moments(a: float, b: float) -> tuple[float, float]:
    total = a + b
    return a / total, a * b / (total * total * (total + 1.0))
