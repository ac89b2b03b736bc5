"""The time, as the log's database tells it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class DatabaseClock:
    """This machine's clock, moved by the offset to the database's; it never goes back."""

    def __init__(self) -> None:
        """Trust this machine's clock until the first measurement."""
        self._offset = timedelta(0)
        self._latest = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """Return the present moment; never earlier than the answer before."""
        told = datetime.now(UTC) + self._offset
        self._latest = max(self._latest, told)
        return self._latest

    def monotonic(self) -> float:
        """Return seconds since some moment."""
        return time.monotonic()

    def follow(self, told: datetime, took: float) -> None:
        """Take the database's time, which was asked for and came back within `took` seconds."""
        self._offset = told + timedelta(seconds=took / 2) - datetime.now(UTC)
