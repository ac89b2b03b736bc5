"""Moves breakers: answers what was counted, and the moment to try again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from arbiter.application.ports import Breakers, Clock
from arbiter.application.views import BreakerCounts
from arbiter.domain.breaker import Breaker, Policy, State, answer
from arbiter.domain.errors import Conflict

log = logging.getLogger(__name__)
SOONEST_SECONDS = 0.01


class BreakerKeeper:
    """Appends what breakers answer; any number of them may run, and one comes first."""

    def __init__(
        self, breakers: Breakers, counts: BreakerCounts, clock: Clock, policy: Policy
    ) -> None:
        """Nothing is answered yet."""
        self._breakers, self._counts, self._clock, self._policy = breakers, counts, clock, policy

    async def run_once(self) -> float | None:
        """Answer once; say in how many seconds the next breaker is to be tried again."""
        known = await self._known()
        if any(breaker.state is State.HALF_OPEN for breaker in known):
            await self._breakers.give_back()
        now = self._clock.now()
        for breaker in known:
            await self._answer(breaker, now)
        return _pause(known, now)

    async def _known(self) -> Sequence[Breaker]:
        """Return the breakers that may have something to answer, each at its last fact.

        The view follows: a breaker that has moved on already counts from there, nothing so far.
        """
        counted = {breaker.name: breaker for breaker in await self._counts.to_watch()}
        for breaker in await self._breakers.all():
            seen = counted.get(breaker.name)
            if breaker.version > (seen.version if seen is not None else 0):
                counted[breaker.name] = breaker
        return list(counted.values())

    async def _answer(self, breaker: Breaker, now: datetime) -> None:
        fact = answer(breaker, self._policy, at=now)
        if fact is None:
            return
        try:
            await self._breakers.move(fact)
        except Conflict:
            return  # another worker was first, or an operator
        log.warning("%s of %s", fact.topic, breaker.name)


def _pause(known: Sequence[Breaker], now: datetime) -> float | None:
    moments = [each.until for each in known if each.until is not None and each.until > now]
    if not moments:
        return None
    return max(SOONEST_SECONDS, (min(moments) - now).total_seconds())
