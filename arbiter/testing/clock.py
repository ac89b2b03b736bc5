"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import datetime, timedelta

from arbiter.testing.builders import NOON


class FrozenClock:
    """Tells the same moment until it is told to go on; never goes back."""

    def __init__(self, start: datetime = NOON) -> None:
        """Begin at a moment, with the stopwatch at zero."""
        self._start = start
        self._passed = 0.0

    def now(self) -> datetime:
        """Return the moment it stands at."""
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Return the seconds it was advanced by so far."""
        return self._passed

    def advance(self, seconds: float) -> datetime:
        """Go on by so many seconds; return the new moment."""
        if seconds < 0:
            raise ValueError(f"seconds: {seconds} would turn the clock back; give 0 or more")
        self._passed += seconds
        return self.now()
