from __future__ import annotations

from arbiter.domain import verbs
from arbiter.domain.errors import IllegalTransition
from arbiter.domain.facts import TaskRejected, Violation
from arbiter.domain.status import Status
from arbiter.testing.builders import NOON, a_task
from arbiter.testing.scenario import given


def reject(task):
    return verbs.reject(task, "not now", at=NOON, by="ann")


def test_a_person_turns_a_held_task_down():
    outcome = given(a_task().held()).when(reject)
    task = outcome.then(TaskRejected)
    no = Violation(rule="person", severity="critical", message="not now")
    assert (outcome.facts[0].violations, outcome.facts[0].by) == ((no,), "ann")
    assert (task.status, task.waits_for, task.ended_at) == (Status.REJECTED, (), NOON)


def test_a_person_has_no_say_before_the_gate_has_answered():
    given(a_task()).when(reject).then_refused(IllegalTransition)
