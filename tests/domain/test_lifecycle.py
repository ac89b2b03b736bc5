"""The lifecycle as a table, and every fact tried after every status through its verb."""

from __future__ import annotations

import msgspec
import pytest

from arbiter.domain import verbs
from arbiter.domain.errors import AttemptFenced, IllegalTransition
from arbiter.domain.facts import task_facts
from arbiter.domain.limits import Limits
from arbiter.domain.status import ENDED, FINAL, LIVE, PARKED, Status
from arbiter.domain.task import evolve
from arbiter.testing.builders import NOON, TASK, a_task, facts_of
from tests.domain.orders import ANOTHER, OF_AN_ATTEMPT, ORDERS

# topic | follows | becomes ("same": the status stays)
TABLE = """
task.submitted      |                                                      | pending
task.validated      | pending                                              | queued
task.held           | pending                                              | held
task.rejected       | pending held                                         | rejected
task.approved       | held                                                 | pending
task.regated        | held queued                                          | pending
task.deferred       | queued                                               | same
task.routed         | queued                                               | assigned
task.started        | assigned                                             | running
task.checkpointed   | running                                              | same
task.usage_reported | running                                              | same
task.handed_over    | running                                              | same
task.completed      | running                                              | completed
task.attempt_failed | assigned running                                     | queued
task.failed         | held queued assigned running suspended               | failed
task.released       | assigned running                                     | queued
task.suspended      | held queued assigned running                         | suspended
task.resumed        | suspended                                            | pending
task.redriven       | failed                                               | pending
task.rescheduled    | held queued suspended                                | same
task.cancelled      | pending held queued assigned running suspended       | cancelled
"""


def rows():
    for line in TABLE.strip().splitlines():
        topic, follows, becomes = (cell.strip() for cell in line.split("|"))
        yield topic, frozenset(follows.split()), becomes


AFTER = {topic: follows for topic, follows, _ in rows()}
BECOMES = {topic: becomes for topic, _, becomes in rows()}

SUBMITTED = a_task(limits=Limits(total=60))
LIVES = {
    Status.PENDING: SUBMITTED,
    Status.HELD: SUBMITTED.held(),
    Status.QUEUED: SUBMITTED.queued(),
    Status.ASSIGNED: SUBMITTED.routed_to("ruff"),
    Status.RUNNING: SUBMITTED.running(),
    Status.SUSPENDED: SUBMITTED.queued().suspended(),
    Status.COMPLETED: SUBMITTED.completed(),
    Status.FAILED: SUBMITTED.failed(),
    Status.CANCELLED: SUBMITTED.cancelled(),
    Status.REJECTED: SUBMITTED.held().rejected(),
}

FACTS = {known.topic: known for known in task_facts()}
ARROWS = [(topic, status) for topic, follows, _ in rows() for status in Status if status in follows]
NO_ARROWS = [(topic, status) for topic in ORDERS for status in Status if status not in AFTER[topic]]


def test_the_lines_of_the_facts_are_the_rows_of_the_table():
    lines = {
        topic: (known.after, "same" if known.becomes is None else known.becomes)
        for topic, known in FACTS.items()
    }
    assert lines == {topic: (AFTER[topic], BECOMES[topic]) for topic in AFTER}


def test_every_fact_and_every_status_is_tried():
    assert ORDERS.keys() | {"task.submitted"} == FACTS.keys()
    assert {status: life.task.status for status, life in LIVES.items()} == {
        status: status for status in Status
    }
    assert len(ARROWS) + len(NO_ARROWS) == (len(FACTS) - 1) * len(Status)


@pytest.mark.parametrize(("topic", "status"), ARROWS)
def test_a_fact_follows_where_the_table_has_an_arrow(topic, status):
    before = LIVES[status].task
    (happened,) = facts_of(ORDERS[topic](before))
    after = evolve(before, happened)
    assert type(happened) is FACTS[topic]
    assert happened.version == after.version == before.version + 1
    assert after.status == (status if BECOMES[topic] == "same" else BECOMES[topic])


@pytest.mark.parametrize(("topic", "status"), NO_ARROWS)
def test_a_fact_is_refused_where_the_table_has_none(topic, status):
    task = LIVES[status].task
    as_it_was = msgspec.structs.replace(task)
    with pytest.raises(IllegalTransition) as refused:
        ORDERS[topic](task)
    assert task == as_it_was
    assert refused.value.status == status
    assert refused.value.task_id == task.id


@pytest.mark.parametrize("status", Status)
def test_a_submission_is_the_first_fact_of_a_task_and_never_a_later_one(status):
    task = LIVES[status].task
    assert verbs.submit(task.id, task.kind, at=NOON).version == 1 <= task.version


@pytest.mark.parametrize("topic", ORDERS)
def test_nothing_but_a_submission_begins_a_task(topic):
    status = next(status for status in Status if status in AFTER[topic])
    happened, *_ = facts_of(ORDERS[topic](LIVES[status].task))
    with pytest.raises(TypeError, match=r"begins with task\.submitted"):
        evolve(None, happened)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("verb", OF_AN_ATTEMPT)
def test_an_attempt_that_does_not_hold_the_task_is_fenced_wherever_it_stands(verb, status):
    with pytest.raises(AttemptFenced):
        OF_AN_ATTEMPT[verb](LIVES[status].task, ANOTHER)


@pytest.mark.parametrize("status", sorted(FINAL))
def test_final_is_final(status):
    assert [topic for topic, follows in AFTER.items() if status in follows] == []


def test_only_a_new_run_leaves_what_is_parked():
    assert [topic for topic, follows in AFTER.items() if follows & PARKED] == ["task.redriven"]


def test_every_way_into_the_queue_passes_the_gate_but_a_retry_and_a_release():
    into = {topic for topic, becomes in BECOMES.items() if becomes == "queued"}
    assert into == {"task.validated", "task.attempt_failed", "task.released"}


def test_only_the_gate_and_a_cancel_answer_a_pending_task():
    answers = {topic for topic, follows in AFTER.items() if "pending" in follows}
    assert answers == {"task.validated", "task.held", "task.rejected", "task.cancelled"}


def test_every_status_is_live_final_or_parked_and_can_be_reached():
    assert frozenset(Status) == LIVE | FINAL | PARKED
    assert not LIVE & ENDED
    assert {*BECOMES.values(), "same"} == {*Status, "same"}


def test_a_refusal_says_where_the_fact_would_have_been_right():
    with pytest.raises(IllegalTransition) as refused:
        verbs.suspend(LIVES[Status.COMPLETED].task, at=NOON)
    assert str(refused.value) == (
        f"status: task.suspended cannot follow while task {TASK} is completed;"
        " it follows assigned, held, queued, running"
    )


def test_replay_never_refuses_what_a_verb_would():
    rejected = LIVES[Status.REJECTED].task
    odd = verbs.cancel(LIVES[Status.RUNNING].task, at=NOON)
    assert evolve(rejected, odd).status is Status.CANCELLED
