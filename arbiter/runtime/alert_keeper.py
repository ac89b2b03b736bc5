"""Raises an alert when one failure pattern comes back too often."""

from __future__ import annotations

import logging
from datetime import timedelta

from arbiter.application.ports import Clock, Log
from arbiter.application.views import FailureFilter, FailurePatterns
from arbiter.domain.errors import Conflict
from arbiter.domain.failures import AlertPolicy, answer

log = logging.getLogger(__name__)
AT_ONCE = 1_000


class AlertKeeper:
    """Appends the alerts; any number of them may run, and one comes first."""

    def __init__(
        self, facts: Log, patterns: FailurePatterns, clock: Clock, policy: AlertPolicy
    ) -> None:
        """Nothing is alerted yet."""
        self._log, self._patterns, self._clock, self._policy = facts, patterns, clock, policy

    async def run_once(self) -> float | None:
        """Look at the patterns that were seen within the window, and alert once for each that is due."""
        now, policy = self._clock.now(), self._policy
        lately = FailureFilter(
            since=now - timedelta(seconds=policy.window_seconds),
            least=policy.times,
            alerted_before=now - timedelta(seconds=policy.quiet_seconds),
        )
        for watch in await self._patterns.find(lately, limit=AT_ONCE):
            alert = answer(watch, policy, at=now)
            if alert is None:
                continue
            try:
                await self._log.append_facts([alert])
            except Conflict:
                continue  # another worker was first
            log.warning(
                "%s of %s came %d times in %g s: %s",
                alert.type,
                alert.agent or "no agent",
                alert.count,
                alert.window_seconds,
                alert.pattern,
            )
        return None
