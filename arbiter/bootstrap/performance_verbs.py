"""The question how agents do, for both doors."""

from __future__ import annotations

from datetime import datetime

from arbiter.application.agent_report import report
from arbiter.application.door import checked
from arbiter.application.performance import Performances
from arbiter.bootstrap.core import Core
from arbiter.bootstrap.verbs import Work
from arbiter.domain.commands import Look
from arbiter.domain.performance import window_named
from arbiter.runtime.service import Service


class PerformanceVerbs:
    """How agents do."""

    def __init__(self, core: Core) -> None:
        """Ask nothing yet."""
        self._core = core

    def performance(
        self,
        agent: str | None = None,
        *,
        window: str = "24h",
        kind: str | None = None,
        now: datetime | None = None,
    ) -> Work[Performances]:
        """Return how agents did in a window (5m, 1h, 24h, 7d) that ends now, or at a moment.

        With it come where each is heading at each kind, what is usual for it, and what is not as usual.
        Raises InvalidInput, AgentNotFound.
        """
        asked = checked(Look, agent=agent, kind=kind, now=now)
        looked = window_named(window)

        async def look(service: Service) -> Performances:
            if asked.agent is not None:
                await service.registry.known(asked.agent)
            at = asked.now or service.clock.now()
            return await report(
                service.store.views, looked, at=at, agent=asked.agent, kind=asked.kind
            )

        return look
