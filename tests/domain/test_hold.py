from __future__ import annotations

from datetime import timedelta

from arbiter.domain import verbs
from arbiter.domain.errors import IllegalTransition
from arbiter.domain.facts import TaskHeld, TaskRejected, TaskValidated, Violation, Wait
from arbiter.domain.status import Status
from arbiter.testing.builders import NOON, a_task
from arbiter.testing.scenario import given

BUDGET = Wait(kind="budget", reason="spent for today")
TOMORROW = NOON + timedelta(days=1)


def test_a_task_before_the_gate_can_be_kept_back():
    outcome = given(a_task()).when(
        lambda task: verbs.hold(task, (BUDGET,), at=NOON, until=TOMORROW)
    )
    task = outcome.then(TaskHeld)
    assert (task.status, task.waits_for, task.hold_until) == (Status.HELD, (BUDGET,), TOMORROW)


def test_a_task_that_is_through_is_not_kept_back():
    queued = given(a_task().queued())
    queued.when(lambda task: verbs.hold(task, (BUDGET,), at=NOON)).then_refused(IllegalTransition)


def test_a_task_that_is_through_no_longer_waits():
    life = a_task().held()
    task = given(life.approved()).task
    assert task is not None
    assert (task.waits_for, task.hold_until) == ((), None)


def test_a_rule_can_turn_a_task_down():
    broken = Violation(rule="size", severity="critical", message="too large")
    outcome = given(a_task()).when(lambda task: verbs.refuse(task, (broken,), at=NOON))
    task = outcome.then(TaskRejected)
    assert outcome.facts[0].violations == (broken,)
    assert task.is_final
    assert task.ended_at == NOON


def test_passing_the_gate_notes_what_it_rests_on():
    details = {"verdict": "pass", "policies": {"limits": 3}, "governance_position": 7}
    outcome = given(a_task()).when(lambda task: verbs.validate(task, at=NOON, **details))
    outcome.then(TaskValidated)
    assert {name: getattr(outcome.facts[0], name) for name in details} == details
