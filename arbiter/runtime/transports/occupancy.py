"""How much agents outside may be given: what was handed over takes a place, and who is silent has none."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from arbiter.application.ports import Handle, RemoteAttempts, Scheduler
from arbiter.runtime.hosted import HostedAgent, Roster
from arbiter.runtime.loop import Loop

LOOK_AGAIN_SECONDS = 1.0
"""How often to look, while an agent has something to do that no bell tells the end of."""


NEWS_SECONDS = 0.05
"""How soon to look after an append; under load there is one with every turn."""


class Occupancy:
    """Keeps the slots of agents outside at what they have room for, over all workers."""

    def __init__(
        self,
        roster: Roster,
        attempts: RemoteAttempts,
        scheduler: Scheduler,
        *,
        me: Callable[[], UUID],
        freed: Callable[[], object],
    ) -> None:
        """`freed` is called when there is more room than before."""
        self._roster, self._scheduler = roster, scheduler
        self._agents = {agent.name: agent for agent in roster if agent.profile.transport == "http"}
        self._attempts, self._me, self._freed = attempts, me, freed
        self._loop = Loop("occupancy", self.run_once, scheduler)
        self._are_any = False
        self._next: Handle | None = None

    def start(self) -> None:
        """Begin to count."""
        if self._agents:
            self._loop.start()

    async def stop(self) -> None:
        """Count no more."""
        if self._next is not None:
            self._next.cancel()
        await self._loop.stop()

    def news(self) -> None:
        """Something was appended: an attempt may be over."""
        if self._are_any and self._next is None:
            self._next = self._scheduler.call_later(NEWS_SECONDS, self._news_came)

    def _news_came(self) -> None:
        self._next = None
        self._loop.wake()

    def look(self) -> None:
        """An attempt was handed over, or declined, or an agent fell silent or answers again."""
        self._loop.wake()

    async def run_once(self) -> float | None:
        """Count once; say when to look again."""
        leaving = {name: agent.leaving for name, agent in self._agents.items()}
        elsewhere = await self._attempts.elsewhere(self._agents.keys(), self._me())
        self._are_any = bool(elsewhere)
        slots = {
            name: self._slots(agent, elsewhere.get(name, 0) + leaving[name])
            for name, agent in self._agents.items()
        }
        if self._roster.limit(slots):
            self._freed()
        return LOOK_AGAIN_SECONDS if elsewhere else None

    def _slots(self, agent: HostedAgent, taken: int) -> int:
        return max(0, agent.profile.max_concurrency - taken) if agent.answers else 0
