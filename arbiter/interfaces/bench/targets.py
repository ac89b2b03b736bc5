"""What we want to reach on two cores shared with PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Target:
    """A bound of one number."""

    side: Literal["at least", "at most"]
    bound: float

    def is_met(self, value: float) -> bool:
        """Tell whether the number is on the right side."""
        return value >= self.bound if self.side == "at least" else value <= self.bound

    def __str__(self) -> str:
        sign = "≥" if self.side == "at least" else "≤"
        return f"{sign} {self.bound:,.0f}"


SUBMISSIONS = {"256": Target("at least", 12_000), "bulk": Target("at least", 15_000)}
DRAIN = Target("at least", 10_000)
LATENCY_P50 = Target("at most", 5)
LATENCY_P99 = Target("at most", 25)
IDLE = Target("at most", 30)
BYTES_PER_TASK = Target("at most", 2048)
WORKER_MEMORY_MIB = Target("at most", 10)
REGISTRY_P95 = Target("at most", 2)
MICROSECONDS = Target("at most", 10)
DECISION_OF_FEW_US = Target("at most", 100)
DECISION_OF_MANY_US = Target("at most", 1_000)
DECISIONS = Target("at least", 10_000)
ROUTED_DRAIN_PERCENT = Target("at least", 85)
