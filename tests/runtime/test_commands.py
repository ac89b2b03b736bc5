"""Commands about tasks that wait: redrive, approve, reject, reschedule, and keys."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from arbiter import ArbiterError, RetryPolicy, TaskFilter
from tests.support.eventually import eventually
from tests.support.soundness import Truth

ONCE = RetryPolicy(max_attempts=1)


@pytest.fixture
def picky(arbiter):
    """Works only on payloads that are good."""

    def handler(task):
        if task.payload != "good":
            raise ValueError(task.payload)
        return [task.run, task.attempt]

    arbiter.agent("picky", kinds="work", retry=ONCE)(handler)
    arbiter.start()
    return arbiter


def in_seconds(seconds):
    return datetime.now(UTC) + timedelta(seconds=seconds)


def test_a_redrive_begins_a_new_run_with_a_new_allowance(arbiter):
    tries = []

    def handler(task):
        tries.append((task.run, task.attempt))
        if len(tries) < 4:
            raise ValueError

    arbiter.agent("a", kinds="work", retry=RetryPolicy(max_attempts=2, initial=0.01))(handler)
    arbiter.start()
    task_id = arbiter.submit("work").task_id
    assert arbiter.wait(task_id, 5).status == "failed"
    arbiter.redrive(task_id, by="ann", why="try again")
    assert arbiter.wait(task_id, 5).status == "completed"
    assert tries == [(1, 1), (1, 2), (2, 3), (2, 4)]


def test_a_redrive_with_an_edited_payload_works_on_that(picky):
    task_id = picky.submit("work", "bad").task_id
    assert picky.wait(task_id, 5).status == "failed"
    picky.redrive(task_id, payload="good")
    done = picky.wait(task_id, 5)
    assert (done.status, done.result, done.payload) == ("completed", [2, 2], "good")


def test_an_edited_payload_of_a_task_that_was_held_is_held_again(picky):
    task_id = picky.submit("work", "bad", hold="four eyes").task_id
    approved = picky.status(task_id).digest
    picky.approve(task_id, digest=approved)
    assert picky.wait(task_id, 5).status == "failed"
    again = picky.redrive(task_id, payload="good")
    assert (again.status, again.waits_for[0].reason) == ("held", "four eyes")
    with pytest.raises(ArbiterError) as no:
        picky.approve(task_id, digest=approved)
    assert no.value.code == "approval_mismatch"
    assert picky.status(task_id).status == "held"
    picky.approve(task_id, digest=picky.status(task_id).digest)
    assert picky.wait(task_id, 5).status == "completed"


def test_an_approval_serves_the_same_work_again(picky):
    task_id = picky.submit("work", "bad", hold="four eyes").task_id
    picky.approve(task_id)
    assert picky.wait(task_id, 5).status == "failed"
    assert picky.redrive(task_id).status == "queued"
    assert picky.wait(task_id, 5).status == "failed"


def test_an_approval_of_something_else_is_refused(picky):
    task_id = picky.submit("work", "good", hold="look").task_id
    with pytest.raises(ArbiterError) as no:
        picky.approve(task_id, digest="0" * 64)
    assert no.value.code == "approval_mismatch"
    assert "\n" not in str(no.value)
    assert picky.status(task_id).status == "held"


def test_a_person_says_no(picky):
    task_id = picky.submit("work", "good", hold="look").task_id
    rejected = picky.reject(task_id, why="too costly", by="ann")
    assert (rejected.status, rejected.is_final) == ("rejected", True)
    for verb in (picky.approve, picky.cancel, picky.suspend, picky.redrive):
        with pytest.raises(ArbiterError) as no:
            verb(task_id)
        assert no.value.code == "illegal_transition"


def test_a_hold_that_nobody_answers_ends(picky):
    task_id = picky.submit("work", "good", hold="look", hold_until=in_seconds(0.4)).task_id
    parked = picky.wait(task_id, 5)
    assert (parked.status, parked.error.type) == ("failed", "hold")


def test_failed_tasks_are_redriven_by_filter_with_a_preview(picky):
    bad = {picky.submit("work", "bad").task_id for _ in range(3)}
    other = picky.submit("work", "bad", tenant="other").task_id
    for task_id in (*bad, other):
        picky.wait(task_id, 5)
    mine = TaskFilter(tenant="default")
    eventually(lambda: len(picky.redrive_where(mine, preview=True).matched) == 3)
    preview = picky.redrive_where(mine, preview=True)
    assert (set(preview.matched), preview.redriven) == (bad, [])
    assert {picky.status(task_id).run for task_id in bad} == {1}
    done = picky.redrive_where(mine, by="ann")
    assert set(done.redriven) == bad
    for task_id in bad:
        assert picky.wait(task_id, 5).run == 2
    assert picky.status(other).run == 1


def test_a_task_comes_when_its_moment_comes(arbiter):
    begun = []
    arbiter.agent("a", kinds="work")(lambda task: begun.append(time.time()))
    arbiter.start()
    arbiter.wait(arbiter.submit("work").task_id, 5)
    moments = [in_seconds(0.9), in_seconds(0.5), in_seconds(0.7)]
    task_ids = [arbiter.submit("work", not_before=moment).task_id for moment in moments]
    for task_id in task_ids:
        arbiter.wait(task_id, 5)
    for moment, when in zip(sorted(moments), begun[1:], strict=True):
        assert 0 <= when - moment.timestamp() < 0.3


def test_a_moment_that_has_passed_is_now(arbiter):
    arbiter.agent("a", kinds="work")(lambda task: None)
    arbiter.start()
    task_id = arbiter.submit("work", not_before=in_seconds(-60)).task_id
    assert arbiter.wait(task_id, 5).status == "completed"


def test_rescheduling_to_now_and_to_later(arbiter):
    arbiter.agent("a", kinds="work")(lambda task: None)
    arbiter.start()
    task_id = arbiter.submit("work", not_before=in_seconds(3600)).task_id
    later = in_seconds(1800)
    assert arbiter.reschedule(task_id, not_before=later).not_before == later
    arbiter.reschedule(task_id, not_before=in_seconds(0))
    assert arbiter.wait(task_id, 2).status == "completed"


def test_rescheduling_what_waits_for_a_slot(arbiter, bench):
    arbiter.agent("one", kinds="work", concurrency=1)(bench.work)
    arbiter.start()
    arbiter.submit("work", "first")
    bench.next()
    low = arbiter.submit("work", "low", priority=1).task_id
    mid = arbiter.submit("work", "mid").task_id
    gone = arbiter.submit("work", "gone", priority=9).task_id
    arbiter.reschedule(low, priority=8)
    arbiter.reschedule(gone, not_before=in_seconds(3600))
    bench.open()
    arbiter.wait(low, 5)
    arbiter.wait(mid, 5)
    assert bench.order == ["first", "low", "mid"]
    assert arbiter.status(gone).status == "queued"


def test_a_running_task_cannot_be_rescheduled(arbiter, bench):
    arbiter.agent("a", kinds="work")(bench.awork)
    arbiter.start()
    task_id = arbiter.submit("work").task_id
    bench.next()
    with pytest.raises(ArbiterError) as no:
        arbiter.reschedule(task_id, priority=9)
    assert no.value.code == "illegal_transition"


def test_the_same_key_and_work_is_the_same_task(picky):
    first = picky.submit("work", "good", idempotency_key="k")
    second = picky.submit("work", "good", idempotency_key="k")
    assert (first.repeated, second.repeated) == (False, True)
    assert second.task_id == first.task_id
    picky.wait(first.task_id, 5)
    assert picky.submit("work", "good", idempotency_key="k").status == "completed"
    assert picky.submit("work", "good", idempotency_key="k", tenant="t").task_id != first.task_id


def test_the_same_key_with_other_work_is_refused(picky):
    first = picky.submit("work", "good", idempotency_key="k")
    with pytest.raises(ArbiterError) as no:
        picky.submit("work", "bad", idempotency_key="k")
    assert no.value.code == "idempotency_conflict"
    assert str(first.task_id) in str(no.value)
    answers = picky.submit_many(
        [
            {"kind": "work", "payload": "good", "idempotency_key": "k"},
            {"kind": "work", "payload": "bad", "idempotency_key": "k"},
            {"kind": "work", "payload": "good"},
        ]
    )
    assert answers[0].task_id == first.task_id
    assert answers[1].code == "idempotency_conflict"
    assert answers[2].task_id != first.task_id


def test_fifty_at_once_with_one_key_are_one_task(connected, database):
    arbiters = [connected(), connected()]
    for number, arbiter in enumerate(arbiters):
        arbiter.agent(f"a{number}", kinds="work")(lambda task: None)
    arbiters[0].start()

    def submit(number):
        return arbiters[number % 2].submit("work", {"n": 1}, idempotency_key="k")

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(submit, range(50)))
    assert len({answer.task_id for answer in answers}) == 1
    assert sum(not answer.repeated for answer in answers) == 1
    arbiters[0].wait(answers[0].task_id, 5)
    assert len(Truth(database.dsn).tasks) == 1


def test_stale_tasks_are_listed_and_cleaned_up(arbiter, bench):
    arbiter.agent("one", kinds="work", concurrency=1)(bench.work)
    arbiter.start()
    arbiter.submit("work")
    bench.next()
    waiting = arbiter.submit("work").task_id
    assert [row.task_id for row in arbiter.stale(0)] == [waiting]
    assert arbiter.stale(60) == []
    assert arbiter.clean_up(timedelta(0)) == [waiting]
    parked = arbiter.status(waiting)
    assert (parked.status, parked.error.type) == ("failed", "stale")
    bench.open()


def test_the_history_tells_everything_in_order(picky):
    task_id = picky.submit("work", "good", hold="look").task_id
    picky.suspend(task_id)
    picky.resume(task_id)
    picky.approve(task_id, by="ann", why="fine")
    picky.wait(task_id, 5)
    told = [(story.fact.topic, story.status.value) for story in picky.history(task_id)]
    assert told == [
        ("task.submitted", "pending"),
        ("task.held", "held"),
        ("task.suspended", "suspended"),
        ("task.resumed", "pending"),
        ("task.held", "held"),
        ("task.approved", "pending"),
        ("task.validated", "queued"),
        ("task.routed", "assigned"),
        ("task.started", "running"),
        ("task.completed", "completed"),
    ]
    positions = [story.position for story in picky.history(task_id)]
    assert positions == sorted(positions)
