"""What a projection is: a pure fold of facts into a change, and a view that takes the change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Protocol, TypeVar
from uuid import UUID

import msgspec

from arbiter.domain.facts import Fact
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.projections.task_line import TaskLine, follow

C = TypeVar("C")
C_co = TypeVar("C_co", covariant=True)
C_contra = TypeVar("C_contra", contravariant=True)


class Recorded(Protocol):
    """A fact and its place in the log."""

    @property
    def fact(self) -> Fact:
        """What happened."""
        ...

    @property
    def position(self) -> int:
        """Where it stands in the log."""
        ...


class Step(msgspec.Struct, frozen=True, gc=False):
    """A fact with the lines it leads from and to; other facts than a task's have no lines."""

    fact: Fact
    position: int
    before: TaskLine | None
    after: TaskLine | None


class Batch:
    """Facts in the order of the log, and where their tasks stood before the first of them.

    A fact of a task names neither its queue nor its kind; so all folds of a batch share these steps.
    """

    def __init__(self, recorded: Sequence[Recorded], known: Mapping[UUID, TaskLine]) -> None:
        """`known` holds the line of every task that was submitted before this batch."""
        self.recorded, self.known = recorded, known

    @property
    def last_position(self) -> int:
        """Where this batch ends."""
        return self.recorded[-1].position

    @property
    def steps(self) -> Sequence[Step]:
        """Each fact between its task's line before and after."""
        return self._walked[0]

    @property
    def lines(self) -> Mapping[UUID, TaskLine]:
        """The line of every task of this batch, after its last fact."""
        return self._walked[1]

    @cached_property
    def _walked(self) -> tuple[Sequence[Step], Mapping[UUID, TaskLine]]:
        steps: list[Step] = []
        lines: dict[UUID, TaskLine] = {}
        for recorded in self.recorded:
            fact, position = recorded.fact, recorded.position
            before = after = None
            if isinstance(fact, TaskFact):
                task_id = fact.task_id
                before = lines.get(task_id) or self.known.get(task_id)
                lines[task_id] = after = follow(before, fact, position)
            steps.append(Step(fact, position, before, after))
        return steps, lines


class Projection(Protocol[C_co]):
    """Folds facts into the change of one view; knows no database and asks nobody for anything."""

    @property
    def name(self) -> str:
        """A new shape is a new name: built beside the old one, then swapped."""
        ...

    def fold(self, batch: Batch) -> C_co:
        """Tell what a batch changes. Two batches change what their union would."""
        ...


class View(Protocol[C_contra]):
    """What a projection fills and readers ask."""

    async def apply(self, change: C_contra) -> None:
        """Write one batch's change; it counts once its position is recorded with it."""
        ...


def tasks_before(recorded: Sequence[Recorded]) -> Mapping[UUID, int]:
    """Tell which tasks were there before these facts, and the version each of them stood at."""
    first: dict[UUID, int] = {}
    for each in recorded:
        fact = each.fact
        if isinstance(fact, TaskFact) and fact.task_id not in first:
            first[fact.task_id] = fact.version - 1
    return {task_id: version for task_id, version in first.items() if version > 0}


def line_at(stream: Iterable[Fact], version: int) -> TaskLine | None:
    """Fold a task's line anew from its facts, up to a version; positions are not known here."""
    line: TaskLine | None = None
    for fact in stream:
        if isinstance(fact, TaskFact) and fact.version <= version:
            line = follow(line, fact, 0)
    return line
