from __future__ import annotations

from arbiter.domain import verbs
from arbiter.domain.errors import AttemptFenced
from arbiter.domain.facts import TaskUsageReported
from arbiter.domain.status import Status
from arbiter.testing.builders import FIRST, NOON, SECOND, a_task
from arbiter.testing.scenario import given

USED = {"files": 3, "lines": 120, "tokens": 4000, "cost": 0.02}


def test_a_handler_tells_what_it_has_used():
    outcome = given(a_task().running()).when(
        lambda task: verbs.report_usage(task, FIRST, at=NOON, **USED)
    )
    assert outcome.then(TaskUsageReported).status is Status.RUNNING
    assert {name: getattr(outcome.facts[0], name) for name in USED} == USED


def test_an_attempt_that_lost_the_task_tells_nothing():
    given(a_task().running()).when(
        lambda task: verbs.report_usage(task, SECOND, at=NOON, **USED)
    ).then_refused(AttemptFenced)
