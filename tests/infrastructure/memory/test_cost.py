"""What the in-memory twins cost: bytes per task, and steps per claim."""

import gc
import sys
import tracemalloc
from datetime import timedelta
from uuid import uuid4

from msgspec.structs import replace

from arbiter.infrastructure.memory.adapters import in_memory
from arbiter.infrastructure.memory.ready_rows import ReadyRows
from arbiter.testing.builders import NOON, completed, gated, submitted
from arbiter.testing.clock import FrozenClock
from arbiter.testing.contracts.given import KIND, QUEUE, Given, decision

BYTES_PER_TASK = 2048


def submission(place):
    at = NOON + timedelta(milliseconds=place)
    return decision(None, submitted(task_id=uuid4()), gated, at=at)[0]


async def test_a_live_task_takes_at_most_two_kilobytes():
    memory, tasks = in_memory(FrozenClock()), 10_000
    await memory.log.append(submission(0))
    gc.collect()
    tracemalloc.start()
    try:
        for place in range(tasks):
            await memory.log.append(submission(place))
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / tasks <= BYTES_PER_TASK


async def test_a_task_that_has_ended_leaves_nothing_behind_but_its_facts():
    memory = in_memory(FrozenClock())
    given = Given(memory)
    me = await given.worker()
    for _ in range(20):
        task = await given.running(me, not_before=given.now)
        end, _ = decision(task, completed, at=given.now)
        await given.turn(me, finished=[end])
    rows = memory.store.rows
    assert list(rows) == list(rows.fronts(10)) == []
    left = [rows.hands, rows.stopping, rows.limits, rows.waiting, +rows.in_flight]
    assert not any(left)


def test_claiming_looks_no_further_than_what_it_takes():
    few, many = line_of(1_000), line_of(100_000)
    assert steps_of(claim, many) <= steps_of(claim, few) + 100


def line_of(tasks):
    first = submission(0).row
    rows = ReadyRows()
    for place in range(tasks):
        at = NOON + timedelta(milliseconds=place)
        rows.put(replace(first, task_id=uuid4(), submitted_at=at))
    return rows


def claim(rows):
    for _, _, task_id in rows.best(QUEUE, KIND, (), 100):
        rows.put(replace(rows.get(task_id), claimed_by=uuid4()))


def steps_of(call, *arguments):
    """Count every call and return of Python and C functions."""
    steps = 0

    def step(*_):
        nonlocal steps
        steps += 1

    sys.setprofile(step)
    try:
        call(*arguments)
    finally:
        sys.setprofile(None)
    return steps
