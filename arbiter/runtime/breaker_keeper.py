"""Moves breakers: answers what was counted, and the moment to try again."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from arbiter.application.ports import Breakers, Clock
from arbiter.application.views import BreakerCounts
from arbiter.domain.breaker import Breaker, Policy, State, answer
from arbiter.domain.errors import Conflict
from arbiter.domain.facts import BreakerFact
from arbiter.runtime.seen_here import SeenHere

log = logging.getLogger(__name__)
SOONEST_SECONDS = 0.01


class BreakerKeeper:
    """Appends what breakers answer; any number of them may run, and one comes first."""

    def __init__(
        self,
        breakers: Breakers,
        counts: BreakerCounts,
        seen: SeenHere,
        clock: Clock,
        policy: Policy,
    ) -> None:
        """Nothing is answered yet."""
        self._breakers, self._counts, self._seen = breakers, counts, seen
        self._clock, self._policy = clock, policy

    async def run_once(self) -> float | None:
        """Answer once; say in how many seconds the next breaker is to be tried again."""
        counted = await self._counts.to_watch()
        stands = {breaker.name: breaker for breaker in await self._breakers.all()}
        if any(breaker.state is State.HALF_OPEN for breaker in stands.values()):
            await self._breakers.give_back()
        seen = self._seen.adopt(stands)
        now = self._clock.now()
        answers: dict[str, BreakerFact] = {}
        for breaker in (*stands.values(), *counted, *seen.values()):
            fact = answer(breaker, self._policy, at=now)
            if fact is not None and breaker.version == _version(stands.get(breaker.name)):
                answers.setdefault(breaker.name, fact)  # what is older has been answered already
        for fact in answers.values():
            await self._move(fact)
        return _pause(stands.values(), now)

    async def _move(self, fact: BreakerFact) -> None:
        try:
            await self._breakers.move(fact)
        except Conflict:
            return  # another worker was first, or an operator
        log.warning("%s of %s", fact.topic, fact.agent)


def _version(breaker: Breaker | None) -> int:
    return breaker.version if breaker is not None else 0


def _pause(known: Iterable[Breaker], now: datetime) -> float | None:
    moments = [each.until for each in known if each.until is not None and each.until > now]
    if not moments:
        return None
    return max(SOONEST_SECONDS, (min(moments) - now).total_seconds())
