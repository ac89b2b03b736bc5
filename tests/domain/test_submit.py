from __future__ import annotations

from datetime import timedelta

import pytest

from arbiter.domain import verbs
from arbiter.domain.blob import blob_of
from arbiter.domain.facts import TaskSubmitted
from arbiter.domain.limits import Limits
from arbiter.domain.retry import RetryPolicy
from arbiter.domain.status import Status
from arbiter.domain.task import let_in, remember
from arbiter.testing.builders import NOON, TASK
from arbiter.testing.scenario import given


def test_asking_for_work_begins_a_task():
    task = given().when(lambda _: verbs.submit(TASK, "code-review", at=NOON)).then(TaskSubmitted)
    assert (task.id, task.version, task.status, task.kind) == (
        TASK,
        1,
        Status.PENDING,
        "code-review",
    )
    assert (task.queue, task.tenant, task.priority) == ("default", "default", 5)
    assert (task.run, task.attempt, task.spent) == (1, 0, 0)


def test_what_was_asked_for_is_remembered():
    asked = {
        "payload": blob_of(b'{"diff": "..."}'),
        "queue": "reviews",
        "tenant": "acme",
        "priority": 9,
        "requirements": {"languages": ("python",)},
        "not_before": NOON + timedelta(hours=1),
        "limits": Limits(total=60),
        "retry": RetryPolicy(max_attempts=5),
        "idempotency_key": "once",
        "hold": "look at it first",
        "hold_until": NOON + timedelta(days=1),
        "parent": TASK,
        "subject": "ann",
        "trace": "00-1",
    }
    submit = given().when(lambda _: verbs.submit(TASK, "code-review", at=NOON, **asked))
    task = submit.then(TaskSubmitted)
    assert {name: getattr(task, name) for name in asked} == asked


def test_the_run_and_the_wait_begin_with_the_submission():
    task = given().when(lambda _: verbs.submit(TASK, "code-review", at=NOON)).then(TaskSubmitted)
    assert task.submitted_at == task.run_since == task.queued_since == NOON


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"hold_until": NOON + timedelta(days=1)},
        {
            "payload": blob_of(b'{"diff": "..."}'),
            "queue": "reviews",
            "priority": 9,
            "requirements": {"languages": ("python",)},
            "not_before": NOON + timedelta(hours=1),
            "limits": Limits(total=60),
            "retry": RetryPolicy(max_attempts=5),
            "parent": TASK,
            "trace": "00-1",
        },
    ],
    ids=["nothing", "until when to hold", "much"],
)
def test_a_task_that_was_let_in_is_told_from_its_submission(asked):
    submitted = verbs.submit(TASK, "code-review", at=NOON, **asked)
    pending = remember([submitted])
    assert pending is not None
    whole = remember([submitted, verbs.validate(pending, at=NOON)])
    assert let_in(submitted) == whole
