"""What answers the views: woken when something was counted, or by its own alarm, and not otherwise."""

from __future__ import annotations

from collections.abc import Callable, Collection

from arbiter.application.ports import Bell, Handle, Scheduler
from arbiter.runtime.loop import Loop, Step

COALESCE_SECONDS = 0.02
"""Rings within this time are one."""

POLL_SECONDS = 30.0
POLL_WITHOUT_BELL_SECONDS = 1.0
"""How often to look where nobody tells."""


class Keeper:
    """Runs a step when one of its words rings, and in so many seconds as the step says at latest."""

    def __init__(
        self,
        name: str,
        step: Step,
        words: Collection[str],
        *,
        bell: Bell,
        scheduler: Scheduler,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        """Nothing runs yet. A ring may be missed: `poll_seconds` at most that goes unnoticed."""
        self._step, self._words = step, frozenset(words)
        self._bell, self._scheduler, self._poll_seconds = bell, scheduler, poll_seconds
        self._loop = Loop(name, self._run_once, scheduler)
        self._ringing: Handle | None = None
        self._leave: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin to listen, and look once."""
        self._leave = self._bell.listen(self._heard)
        self._loop.start()

    async def stop(self) -> None:
        """End after the step under way."""
        if self._leave is not None:
            self._leave()
        if self._ringing is not None:
            self._ringing.cancel()
        await self._loop.stop()

    async def _run_once(self) -> float:
        pause = await self._step()
        return self._poll_seconds if pause is None else min(pause, self._poll_seconds)

    def soon(self) -> None:
        """Run the step soon; calls that come together are one."""
        if self._ringing is None:
            self._ringing = self._scheduler.call_later(COALESCE_SECONDS, self._wake)

    def _heard(self, words: frozenset[str]) -> None:
        if not self._words.isdisjoint(words):
            self.soon()

    def _wake(self) -> None:
        self._ringing = None
        self._loop.wake()
