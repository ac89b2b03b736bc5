"""What is appended, and what stands in the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from arbiter.application.ready_row import ReadyRow, ready_row, stops
from arbiter.domain.facts import Fact, TaskCancelled, TaskSuspended
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.task import Task, evolve


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One decision about one task, ready to be appended: its facts and what dispatch must know."""

    task_id: UUID
    expected: int
    """The version the decision was made at; 0 for a new task."""

    was_live: bool
    """The task had a ready row at that version; the append compares the two."""

    facts: tuple[TaskFact, ...]
    row: ReadyRow | None
    """The ready row from now on; None when the task wants nothing any more."""

    tells: UUID | None = None
    """The incarnation to tell, because what it runs was cancelled or suspended."""


def entry(before: Task | None, facts: Sequence[TaskFact], *, at: datetime) -> tuple[Entry, Task]:
    """Put a decision into the shape that is appended, with the task as it will be."""
    after = before
    for fact in facts:
        after = evolve(after, fact)
    assert after is not None, "a decision has at least one fact"
    return entry_of(before, tuple(facts), after, at=at), after


def entry_of(
    before: Task | None, facts: tuple[TaskFact, ...], after: Task, *, at: datetime
) -> Entry:
    """Put a decision whose outcome is known already into that shape."""
    return Entry(
        task_id=after.id,
        expected=before.version if before else 0,
        was_live=before is not None and before.is_live,
        facts=facts,
        row=ready_row(after, at=at, stops=stops(before, facts)),
        tells=None if before is None else _tells(before, facts),
    )


def _tells(before: Task, facts: tuple[TaskFact, ...]) -> UUID | None:
    ended_from_outside = isinstance(facts[0], TaskCancelled | TaskSuspended)
    return before.incarnation if ended_from_outside else None


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """A fact and its place in the log."""

    fact: Fact
    position: int
