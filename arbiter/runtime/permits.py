"""The permits of attempts that try out whom a half-open breaker guards: taken before they begin."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from uuid import UUID

from arbiter.application.ports import Breakers, Probe
from arbiter.runtime.placing import Begun

log = logging.getLogger(__name__)


class Permits:
    """Asks the database, where all workers' permits are counted."""

    def __init__(self, breakers: Breakers, incarnation: UUID) -> None:
        """Ask for the tasks that this incarnation has claimed."""
        self._breakers, self._incarnation = breakers, incarnation

    async def take(self, begun: Iterable[Begun]) -> frozenset[UUID]:
        """Return the tasks that may begin; none where nobody answers, and then nothing is lost."""
        probes = [
            Probe(
                task_id=each.task.id,
                attempt_id=each.execution.attempt_id,
                breakers=each.execution.agent.breakers,
            )
            for each in begun
        ]
        if not probes:
            return frozenset()
        try:
            return await self._breakers.permit(self._incarnation, probes)
        except Exception as error:  # noqa: BLE001 - the turn goes on without them, whatever it was
            log.warning("no permit for %d tasks: %s", len(probes), error)
            return frozenset()
