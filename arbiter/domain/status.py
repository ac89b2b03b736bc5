"""The statuses a task can have, each told by the facts of its stream."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where a task stands."""

    PENDING = "pending"
    HELD = "held"
    QUEUED = "queued"
    ASSIGNED = "assigned"
    RUNNING = "running"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"

    __hash__ = str.__hash__  # as its value's; the one of enumerations is a call in Python


FINAL = frozenset({Status.COMPLETED, Status.CANCELLED, Status.REJECTED})
"""Nothing follows these."""

PARKED = frozenset({Status.FAILED})
"""A run has ended here; only a redrive leaves it."""

LIVE = frozenset(Status) - FINAL - PARKED
"""The task still wants something: it has a row among the ready tasks."""

ENDED = FINAL | PARKED
"""The run is over: who waits for the task is told."""
