"""What runs here is stopped only when the log says that it is no longer ours."""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from arbiter.runtime import doubts
from arbiter.runtime.attempts import Attempts
from arbiter.runtime.dispatcher import Dispatcher
from arbiter.runtime.doubts import Doubts
from arbiter.testing.builders import a_task

ME = UUID(int=1)


class Rows:
    """So many tasks that others have given us, and what runs here."""

    def __init__(self, resting, rows):
        self.resting, self.rows = resting, rows

    async def claimed_by(self, incarnation, limit):
        return [*self.resting, *self.rows][:limit]

    async def row(self, task_id):
        return self.rows.get(task_id)


@pytest.mark.parametrize(
    ("row", "stops"),
    [
        (SimpleNamespace(claimed_by=ME, status="running"), False),
        (SimpleNamespace(claimed_by=UUID(int=2), status="running"), True),
        (None, True),
    ],
)
async def test_what_many_given_tasks_hide_is_looked_at_by_itself(monkeypatch, row, stops):
    monkeypatch.setattr(doubts, "MORE_THAN_WE_KNOW", 3)
    execution = SimpleNamespace(assignment=SimpleNamespace(id=UUID(int=9)))
    stopped = []
    attempts = SimpleNamespace(running=[execution], ended=[], stop=stopped.append)
    rows = Rows([uuid4() for _ in range(9)], {execution.assignment.id: row})
    known = Doubts(ME, attempts, None, rows, None, is_turning=lambda: False)
    await known.recheck()
    assert bool(stopped) is stops


def test_of_two_results_of_one_attempt_a_turn_writes_the_first():
    """Twice in one turn they would break each other's rows, turn after turn."""
    one, other = uuid4(), uuid4()
    ended = deque(
        SimpleNamespace(fact=SimpleNamespace(task_id=task_id), place=place)
        for place, task_id in enumerate([one, other, one])
    )
    dispatcher = SimpleNamespace(_attempts=SimpleNamespace(ended=ended))
    assert [each.place for each in Dispatcher._ended(dispatcher)] == [0, 1]
    assert not ended


def test_an_attempt_whose_result_waits_to_be_written_is_not_run_again():
    task = a_task().running().task
    waits = SimpleNamespace(execution=SimpleNamespace(attempt_id=task.attempt_id))
    attempts = SimpleNamespace(
        _incarnation=task.incarnation, _abandoned=False, running={}, ended=deque([waits])
    )
    Attempts.resume(attempts, task)  # would look for its agent, and there is none
    attempts.ended.clear()
    with pytest.raises(AttributeError):
        Attempts.resume(attempts, task)
