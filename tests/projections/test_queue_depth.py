"""Queue depth counts tasks in and out of places."""

from datetime import timedelta
from uuid import uuid4

import pytest

from arbiter.application.ports import Recorded
from arbiter.projections.queue_depth import AT_ONCE, QueueDepth
from arbiter.testing.builders import NOON, a_task, rescheduled
from arbiter.testing.random_log import RandomLog
from tests.projections.folding import batch_of, batches_of, recorded

fold = QueueDepth().fold


def statuses(change):
    return {place.status: more for place, more in change.tasks.items()}


def test_a_whole_life_in_one_batch_counts_once():
    assert statuses(fold(batch_of(a_task().completed()))) == {"completed": 1}


def test_a_task_leaves_the_place_it_was_counted_at():
    changes = [statuses(fold(batch)) for batch in batches_of(recorded(a_task().completed()), 2)]
    assert changes == [
        {"queued": 1},
        {"queued": -1, "running": 1},
        {"running": -1, "completed": 1},
    ]


def test_a_batch_that_leaves_tasks_where_they_were_changes_nothing():
    queued, moved = a_task().queued(), a_task().queued().then(rescheduled(priority=9))
    (_, second) = batches_of(recorded(moved), 2)
    assert len(queued.facts) == 2
    assert fold(second).tasks == {}


def test_a_task_that_waits_is_counted_at_its_minute():
    later = NOON + timedelta(minutes=5, seconds=59)
    (place,) = fold(batch_of(a_task(not_before=later).queued())).tasks
    assert place.from_minute == NOON + timedelta(minutes=5)
    (place,) = fold(batch_of(a_task(not_before=NOON + timedelta(seconds=59)).queued())).tasks
    assert place.from_minute == AT_ONCE


@pytest.mark.parametrize("size", [1, 2, 5, 50])
def test_changes_add_up_however_the_log_is_cut(size):
    grown = RandomLog(size)
    log = [Recorded(fact, at) for at, fact in enumerate(grown.grow(300), 1)]
    tasks = {}
    for batch in batches_of(log, size):
        for place, more in fold(batch).tasks.items():
            tasks[place] = tasks.get(place, 0) + more
    counted = {}
    for task in grown.tasks.values():
        key = (task.queue, task.kind, task.tenant, task.status.value)
        counted[key] = counted.get(key, 0) + 1
    told = {}
    for place, count in tasks.items():
        assert count >= 0
        if count:
            told[place[:4]] = told.get(place[:4], 0) + count
    assert told == counted


def test_places_tell_queue_kind_and_tenant_apart():
    lives = [
        a_task(task_id=uuid4(), queue=queue, kind=kind, tenant=tenant).queued()
        for queue in "ab"
        for kind in "cd"
        for tenant in "ef"
    ]
    assert list(fold(batch_of(*lives)).tasks.values()) == [1] * 8
