"""What must be true of every database, whatever a test did to it."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from uuid import UUID

import psycopg

from arbiter.domain import facts as f
from arbiter.domain.facts import decode
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.status import ENDED, LIVE
from arbiter.domain.task import Task, remember

FACTS = "SELECT originator_id, topic, state FROM arbiter.facts ORDER BY originator_id, originator_version"
ROWS = """
SELECT task_id, status, version, attempt_id, claimed_by, stopping_by, due, waiting
FROM arbiter.ready_tasks
"""


class Truth:
    """Everything a database holds, read at once."""

    def __init__(self, dsn: str) -> None:
        with psycopg.connect(dsn) as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            facts = connection.execute(FACTS).fetchall()
            rows = connection.execute(ROWS).fetchall()
        streams = {
            stream_id: [decode(topic, bytes(state)) for _, topic, state in stream]
            for stream_id, stream in groupby(facts, key=lambda row: row[0])
        }
        self.others = [
            fact for stream in streams.values() for fact in stream if not isinstance(fact, TaskFact)
        ]
        self.facts: dict[UUID, list[Any]] = {
            stream_id: stream
            for stream_id, stream in streams.items()
            if isinstance(stream[0], TaskFact)
        }
        self.rows = {row[0]: row[1:] for row in rows}
        self.tasks: dict[UUID, Task] = {
            task_id: task
            for task_id, stream in self.facts.items()
            if (task := remember(stream)) is not None
        }

    def topics(self, task_id: UUID) -> list[str]:
        """Return what happened to a task, by name."""
        return [fact.topic for fact in self.facts[task_id]]

    def of(self, kind: type[Any]) -> list[Any]:
        """Return the facts of one sort, of workers, agents and queues."""
        return [fact for fact in self.others if isinstance(fact, kind)]


def assert_sound(dsn: str, *, at_rest: bool = True) -> Truth:
    """Hold a database to the promises; at rest, nobody may be left at work either."""
    truth = Truth(dsn)
    for task_id, facts in truth.facts.items():
        _told_without_a_gap(facts)
        _one_ending_per_run(facts)
        _row_as_told(truth, task_id)
        task = truth.tasks[task_id]
        assert task.spent <= task.policy.max_attempts, f"{task.spent} attempts of {task_id}"
        if at_rest:
            assert task.is_outside or task.status not in ("assigned", "running"), task_id
    assert not truth.rows.keys() - truth.tasks.keys(), "rows without a task"
    if at_rest:
        left = [row for row in truth.rows.values() if row[3] or row[4]]
        assert not left, f"claimed or stopping, with nobody there: {left}"
    return truth


def _told_without_a_gap(facts: list[Any]) -> None:
    assert [fact.version for fact in facts] == list(range(1, len(facts) + 1))
    before: Any = None
    for fact in facts:
        if before is None:
            assert isinstance(fact, f.TaskSubmitted)
        else:
            assert before in fact.after, f"{fact.topic} followed {before}"
        before = fact.becomes or before


def _one_ending_per_run(facts: list[Any]) -> None:
    runs = sum(isinstance(fact, f.TaskSubmitted | f.TaskRedriven) for fact in facts)
    endings = sum(fact.becomes in ENDED for fact in facts)
    assert endings in (runs - 1, runs), [fact.topic for fact in facts]


def _row_as_told(truth: Truth, task_id: UUID) -> None:
    task, row = truth.tasks[task_id], truth.rows.get(task_id)
    if task.status not in LIVE:
        assert row is None, f"{task.status}, and still in the queue: {row}"
        return
    assert row is not None, f"{task.status}, and in no queue"
    status, version, attempt_id, claimed_by, stopping_by, due, waiting = row
    assert (status, version, attempt_id) == (task.status, task.version, task.attempt_id)
    if task.incarnation is not None:
        assert claimed_by == task.incarnation
    if status == "queued":
        assert due != waiting, f"due {due}, waiting {waiting}, stopping_by {stopping_by}"
    else:
        assert not waiting
