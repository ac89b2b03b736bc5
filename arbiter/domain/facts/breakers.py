"""How an agent that fails is kept from new work, and let back in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from arbiter.domain.facts.base import Fact, named


class BreakerFact(Fact, frozen=True, kw_only=True):
    """Something that happened to the circuit breaker of one agent or transport."""

    breaker_id: UUID
    agent: str
    """Whom it guards: an agent, or a transport (`transport:https://host`)."""

    by: str | None = None
    """The operator who decided it; None where the breaker's own rule did."""

    why: str | None = None

    @property
    def stream_id(self) -> UUID:
        """The breaker's own stream."""
        return self.breaker_id


@named("breaker.opened")
class BreakerOpened(BreakerFact, frozen=True, kw_only=True):
    """The agent gets no task."""

    until: datetime | None = None
    """When probes may begin; None for not before an operator says so."""

    failures: int = 0
    """How many failures led to it; 0 where an operator decided."""


@named("breaker.half_opened")
class BreakerHalfOpened(BreakerFact, frozen=True, kw_only=True):
    """The agent gets a few tasks as probes."""

    probes: int
    """How many may be under way at a time."""


@named("breaker.closed")
class BreakerClosed(BreakerFact, frozen=True, kw_only=True):
    """The agent gets tasks like any other; what failed before no longer counts."""

    successes: int = 0
    """How many probes succeeded; 0 where an operator decided."""
