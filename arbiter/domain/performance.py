"""How an agent does: the windows to look back on, and how far their numbers are to be trusted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from arbiter.domain.errors import InvalidInput

MINUTE = timedelta(minutes=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Window(msgspec.Struct, frozen=True):
    """A span of time to look back on; it ends with the step that holds the moment asked about."""

    name: str
    minutes: int
    least: int
    """From so many attempts on, its numbers have their full weight."""

    weight: float
    step: int
    """Minutes of a step: attempts are summed by the steps in which they ended."""

    @property
    def length(self) -> timedelta:
        """How far it looks back, the step under way included."""
        return timedelta(minutes=self.minutes)

    def begins(self, at: datetime) -> datetime:
        """Return when its first step began."""
        return step_of(at, self.step) - self.length + self.step * MINUTE

    def confidence(self, attempts: int) -> float:
        """Tell how far its numbers are to be trusted, 0 to 1."""
        return min(1.0, attempts / self.least) * self.weight


WINDOWS = (
    Window("5m", 5, 10, 0.4, 1),
    Window("1h", 60, 50, 0.6, 1),
    Window("24h", 24 * 60, 100, 0.8, 60),
    Window("7d", 7 * 24 * 60, 500, 1.0, 60),
)
NOW, HOUR, DAY, WEEK = WINDOWS
POINT_MINUTES = 5
"""Of a point: what trends and baselines are made of."""

STEPS = (1, POINT_MINUTES, 60)
"""Minutes of the steps that sums are kept in."""


def window_named(name: str) -> Window:
    """Return the window of this name. Raises InvalidInput."""
    for window in WINDOWS:
        if window.name == name:
            return window
    known = ", ".join(window.name for window in WINDOWS)
    raise InvalidInput("window", f"{name!r} is none", f"one of {known}")


def step_of(at: datetime, minutes: int) -> datetime:
    """Return when the step that holds a moment began."""
    return at - (at - EPOCH) % timedelta(minutes=minutes)
