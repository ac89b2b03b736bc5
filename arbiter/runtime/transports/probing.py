"""Asks agents outside for a sign of life; who does not answer gets no new task until it does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from arbiter.application.ports import Clock, Directory, Scheduler
from arbiter.runtime.hosted import HostedAgent
from arbiter.runtime.loop import Loop
from arbiter.runtime.transports.http import HttpAgent

log = logging.getLogger(__name__)

ASK_SECONDS = 30.0
ASK_AGAIN_SECONDS = 5.0
"""How soon an agent is asked again that did not answer."""

SILENT_AFTER = 2
"""So many times in a row without an answer, and it gets no new task."""


class Probing:
    """Asks each hosted agent that has a health_url; any number of workers may."""

    def __init__(
        self,
        agents: Sequence[HostedAgent],
        directory: Directory,
        clock: Clock,
        scheduler: Scheduler,
        changed: Callable[[], object],
    ) -> None:
        """Nobody was asked yet. `changed` is called when an agent falls silent or answers again."""
        self._agents = {
            agent.name: (agent, agent.handler)
            for agent in agents
            if isinstance(agent.handler, HttpAgent) and agent.handler.has_health
        }
        self._directory, self._clock, self._changed = directory, clock, changed
        self._silences = dict.fromkeys(self._agents, 0)
        self._loop = Loop("probing", self.run_once, scheduler)

    def start(self) -> None:
        """Begin to ask."""
        if self._agents:
            self._loop.start()

    async def stop(self) -> None:
        """Ask no more."""
        await self._loop.stop()

    async def run_once(self) -> float:
        """Ask everybody once; say in how many seconds to do so again."""
        await asyncio.gather(*(self._ask(*each) for each in self._agents.values()))
        return ASK_AGAIN_SECONDS if any(self._silences.values()) else ASK_SECONDS

    async def _ask(self, agent: HostedAgent, handler: HttpAgent) -> None:
        why_not = await handler.probe()
        self._silences[agent.name] = 0 if why_not is None else self._silences[agent.name] + 1
        self._take_in(agent, why_not)
        await self._directory.asked(agent.name, self._clock.now(), answers=why_not is None)

    def _take_in(self, agent: HostedAgent, why_not: str | None) -> None:
        answers = self._silences[agent.name] < SILENT_AFTER
        if answers == agent.answers:
            return
        agent.answers = answers
        if answers:
            log.warning("agent %s answers again", agent.name)
        else:
            log.warning("agent %s gets no tasks, as it does not answer: %s", agent.name, why_not)
        self._changed()
