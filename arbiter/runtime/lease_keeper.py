"""Raises a worker's beat, so that others see that it lives; runs on a thread and a connection of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import UUID

from arbiter.application.ports import Beat, Clock, Leases

log = logging.getLogger(__name__)


class LeaseKeeper:
    """One beat after the other."""

    def __init__(
        self,
        leases: Leases,
        clock: Clock,
        incarnation: UUID,
        heard: Callable[[Beat, float], object],
        *,
        beat_seconds: float,
    ) -> None:
        """`heard` is given what each beat learnt and how many seconds it took."""
        self._leases, self._clock = leases, clock
        self._incarnation, self._heard = incarnation, heard
        self._beat_seconds = beat_seconds

    async def run_once(self) -> float:
        """Beat once; say when the next beat is due, whatever this one took."""
        began = self._clock.monotonic()
        beat = await self._leases.beat(self._incarnation)
        took = self._clock.monotonic() - began
        self._heard(beat, took)
        return max(0.001, self._beat_seconds - took)
