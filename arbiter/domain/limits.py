"""The four time limits of a task."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Seconds a task may take for each part of its way; None means without limit."""

    schedule_to_start: float | None = None
    """From entering the queue (or not_before, if later) to the first start of the run."""

    start_to_close: float | None = None
    """One attempt, from its start."""

    total: float | None = None
    """The whole run, from the submission or redrive on, retries and waits included."""

    heartbeat: float | None = None
    """Between two signs of life of a running handler; judged by the worker that hosts it."""

    def completed_by(self, others: Limits) -> Limits:
        """These limits, with the others where these say nothing."""
        return Limits(
            schedule_to_start=_first(self.schedule_to_start, others.schedule_to_start),
            start_to_close=_first(self.start_to_close, others.start_to_close),
            total=_first(self.total, others.total),
            heartbeat=_first(self.heartbeat, others.heartbeat),
        )


NO_LIMITS = Limits()


def earliest(*moments: datetime | None) -> datetime | None:
    """The first of several moments, leaving out those that never come."""
    known = [moment for moment in moments if moment is not None]
    return min(known) if known else None


def _first(one: float | None, other: float | None) -> float | None:
    return other if one is None else one
