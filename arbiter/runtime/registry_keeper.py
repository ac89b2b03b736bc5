"""Takes agents as offline that nobody has met for long; any number of keepers may run."""

from __future__ import annotations

import logging
from datetime import timedelta

from arbiter.application.agent_finder import AgentFinder
from arbiter.application.ports import Scheduler
from arbiter.application.registry import Registry
from arbiter.runtime.loop import Loop

log = logging.getLogger(__name__)
STALE_SECONDS = 86400.0
CLEAN_UP_SECONDS = 3600.0


class RegistryKeeper:
    """Looks once an hour, and sooner where agents go stale sooner."""

    def __init__(
        self,
        registry: Registry,
        agents: AgentFinder,
        scheduler: Scheduler,
        *,
        stale_seconds: float = STALE_SECONDS,
    ) -> None:
        """Nothing runs yet."""
        self._registry, self._agents = registry, agents
        self._stale_after = timedelta(seconds=stale_seconds)
        self._pause = min(CLEAN_UP_SECONDS, stale_seconds)
        self._loop = Loop("registry", self.run_once, scheduler)

    async def run_once(self) -> float:
        """Clean up once; say in how many seconds to do so again."""
        spared = await self._agents.there()
        for agent in await self._registry.clean_up(self._stale_after, spared=spared):
            log.warning("agent %s is taken as offline: %s", agent.name, agent.status_why)
        return self._pause

    def start(self) -> None:
        """Begin."""
        self._loop.start()

    async def stop(self) -> None:
        """End after the step under way."""
        await self._loop.stop()
