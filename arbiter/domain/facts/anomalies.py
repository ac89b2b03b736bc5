"""When an agent does not do as usual, and when that is over."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from arbiter.domain.facts.base import Fact, named

AnomalyType = Literal["latency_spike", "accuracy_drop", "error_rate_increase"]
Severity = Literal["medium", "high", "critical"]


class AnomalyFact(Fact, frozen=True, kw_only=True):
    """Something about one agent at one kind that is not, or was not, as usual."""

    anomaly_id: UUID
    agent: str
    kind: str
    type: AnomalyType
    value: float
    """The 95th percentile of latency in milliseconds, or a share from 0 to 1."""

    usual: float
    """The same, as it was before."""

    @property
    def stream_id(self) -> UUID:
        """The anomaly's own stream: it has no moment in its name, so one that comes again is the same."""
        return self.anomaly_id


@named("anomaly.raised")
class AnomalyRaised(AnomalyFact, frozen=True, kw_only=True):
    """An agent does not do as usual; told again only if it gets more severe."""

    severity: Severity
    attempts: int
    """How many attempts it was seen in."""

    window_seconds: float
    """Over how long a time."""


@named("anomaly.resolved")
class AnomalyResolved(AnomalyFact, frozen=True, kw_only=True):
    """It does as usual again, or has done so for so long that this is what is usual now."""

    reason: Literal["recovered", "usual_now"] = "recovered"
