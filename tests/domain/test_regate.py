from __future__ import annotations

import pytest

from arbiter.domain import verbs
from arbiter.domain.errors import IllegalTransition
from arbiter.domain.facts import TaskRegated
from arbiter.domain.status import Status
from arbiter.testing.builders import NOON, a_task
from arbiter.testing.scenario import given


def regate(task):
    return verbs.regate(task, "waiver granted", at=NOON)


@pytest.mark.parametrize("life", [a_task().held(), a_task().queued()], ids=["held", "queued"])
def test_a_waiting_task_passes_the_gate_again_when_the_rules_change(life):
    assert given(life).when(regate).then(TaskRegated).status is Status.PENDING


def test_a_running_task_is_left_alone():
    given(a_task().running()).when(regate).then_refused(IllegalTransition)
