"""The live tasks, as dispatch sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from arbiter.application.ready_row import ReadyRow
from arbiter.domain.facts import TaskRouted, TaskStarted, TaskSubmitted
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.task import Task


class Wanted(msgspec.Struct, frozen=True):
    """Which tasks a worker can take from one queue, and how many."""

    queue: str
    kind: str
    abilities: tuple[str, ...]
    how_many: int


class Claimed(msgspec.Struct, frozen=True, gc=False):
    """A task that is ours to route; nothing is recorded yet."""

    task_id: UUID
    version: int
    first: TaskSubmitted
    """Its task.submitted: enough for a task at version 2; others are read whole."""


class Beginning(msgspec.Struct, frozen=True, gc=False):
    """The start of a task that we have claimed."""

    facts: tuple[TaskRouted, TaskStarted] | tuple[TaskStarted]
    """Of one that another worker gave us, the start alone: it was routed there."""

    task: Task
    """As it runs from then on."""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What a lane brings to one commit, and what it wants from it."""

    incarnation: UUID
    finished: Sequence[TaskFact] = ()
    """Facts that each end a running attempt of ours, at the version they follow."""

    begun: Sequence[Beginning] = ()

    wanted: Sequence[Wanted] = ()
    total: int = 0
    """How many tasks to claim at most, over all that is wanted."""


class Turned(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a turn."""

    alive: bool
    """Our incarnation is not lost; if it is, nothing of the turn was written."""

    refused: frozenset[UUID] = frozenset()
    """The tasks that have moved on and are no longer ours; what was decided of the others stands."""

    claimed: Sequence[Claimed] = ()
    """In the order they should be routed: priority, then age."""


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep found."""

    flipped: int
    """Tasks whose moment had come, now offered."""

    next_due: datetime | None
    """When the next waiting task's moment comes."""

    next_limit: datetime | None
    """When the next time limit of a task that no worker runs passes."""


class Unroutable(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A due task that no live agent may do now."""

    task_id: UUID
    kept: Mapping[str, str] = {}
    """Who is able to do it, by name, and what keeps each from new work; nobody where none is able."""

    set_aside: str | None = None
    """The reason for which it was set aside before."""


class ReadyQueue(Protocol):
    """The live tasks, as dispatch sees them."""

    async def turn(self, turn: Turn) -> Turned:
        """Append, release and claim in one commit."""
        ...

    async def unclaim(self, incarnation: UUID, task_ids: Sequence[UUID]) -> None:
        """Offer tasks again that were claimed and not begun."""
        ...

    async def handlers_stopped(
        self, incarnation: UUID, task_ids: Sequence[UUID], at: datetime
    ) -> None:
        """Offer tasks again whose former handler has really stopped by now."""
        ...

    async def sweep(self, at: datetime) -> Swept:
        """Offer the tasks whose not_before has passed."""
        ...

    async def overdue(self, at: datetime, limit: int) -> Sequence[UUID]:
        """Return tasks, run by no worker, one of whose time limits has passed."""
        ...

    async def unroutable(self, limit: int) -> Sequence[Unroutable]:
        """Return due tasks of a hosted kind that no live agent of that kind and queue may do now.

        None has what they need, or those who have it are not available or their breakers are open.
        """
        ...

    async def postpone(self, task_ids: Sequence[UUID], until: datetime, reason: str) -> None:
        """Look at queued tasks again later, or once somebody may do them; the reason is recorded."""
        ...

    async def offer_set_aside(self, limit: int) -> int:
        """Offer postponed tasks again that some live agent may do now; say how many."""
        ...

    async def claimed_by(self, incarnation: UUID, limit: int) -> Sequence[UUID]:
        """Return assigned and running tasks of an incarnation."""
        ...

    async def forget(self, incarnation: UUID, at: datetime) -> int:
        """Offer what a gone incarnation had claimed but not begun, or not let go; say how many."""
        ...

    async def row(self, task_id: UUID) -> ReadyRow | None:
        """Return the row of a live task."""
        ...

    async def waiting_since(self, before: datetime, limit: int) -> Sequence[ReadyRow]:
        """Return due tasks that were submitted before a moment and never started, oldest first."""
        ...
