"""Compares the ready tasks with the log, from which everything must follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

import msgspec

from arbiter.application.ready_row import ReadyRow, ready_row
from arbiter.domain.facts import Fact
from arbiter.domain.facts.base import UnknownTopic
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.task import remember
from arbiter.infrastructure.postgres.inspection import Inspection
from arbiter.interfaces.cli.doctor.check import Check, ok, problem, warning
from arbiter.interfaces.cli.showing.marks import tasks

SAMPLE = 1_000
SHOWN = 3

COMPARED = tuple(
    name
    for name in ReadyRow.__struct_fields__
    # Claims, sweeps and stopping handlers move these between one fact and the next.
    if name not in {"not_before", "due", "claimed_by", "stopping_by", "stopping_until"}
)

Streams = Iterable[tuple[UUID, Sequence[Fact]]]


class Compared(msgspec.Struct):
    """How many tasks were folded, and what does not fit."""

    tasks: int = 0
    faults: list[str] = []


def look_at_soundness(look: Inspection, *, everything: bool) -> Check:
    """Fold tasks from the log and compare each with its row."""
    try:
        if everything:
            found = compared(look.streams(), look.ready_rows())
        else:
            ids = look.recent(SAMPLE)
            found = compared(look.streams_of(ids), look.rows_of(ids))
    except UnknownTopic as newer:
        return warning(
            "log",
            f"it holds facts this version does not know ({newer})",
            "look with the newest version that runs here",
        )
    scope = "every one of" if everything else "a sample of"
    if found.faults:
        shown = "; ".join(found.faults[:SHOWN])
        return problem(
            "log",
            f"{scope} {tasks(found.tasks)}: {len(found.faults):,} do not fit ready_tasks: {shown}",
            "stop the workers and report this with the history of such a task",
        )
    told = f"{scope} {tasks(found.tasks)}, folded from the log, fits ready_tasks"
    return ok("log", told if everything else f"{told} (--all compares all)")


def compared(streams: Streams, rows: Iterable[ReadyRow]) -> Compared:
    """Walk streams and rows side by side, both in the order of their ids."""
    found = Compared()
    rest = iter(rows)
    row = next(rest, None)
    for stream_id, facts in streams:
        while row is not None and row.task_id < stream_id:
            found.faults.append(f"task {row.task_id} has a row and no facts")
            row = next(rest, None)
        mine = row if row is not None and row.task_id == stream_id else None
        if mine is not None:
            row = next(rest, None)
        if isinstance(facts[0], TaskFact):
            found.tasks += 1
            found.faults.extend(_faults(stream_id, facts, mine))
    while row is not None:
        found.faults.append(f"task {row.task_id} has a row and no facts")
        row = next(rest, None)
    return found


def _faults(task_id: UUID, facts: Sequence[Fact], row: ReadyRow | None) -> Iterator[str]:
    versions = [fact.version for fact in facts]
    if versions != list(range(1, len(facts) + 1)):
        yield f"task {task_id} has versions {versions}"
        return
    task = remember(fact for fact in facts if isinstance(fact, TaskFact))
    assert task is not None, "a stream has facts"
    expected = ready_row(task, at=facts[-1].at)
    if expected is None or row is None:
        if (expected is None) != (row is None):
            has = "has no row" if row is None else "has a row"
            yield f"task {task_id} is {task.status.value} and {has}"
        return
    for name in COMPARED:
        told, stored = getattr(expected, name), getattr(row, name)
        if told != stored:
            yield f"task {task_id}: {name} is {told} in the log and {stored} in the row"
            return
