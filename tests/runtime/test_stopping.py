"""Cancelling and suspending what runs: the handler is stopped, its late result refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest

from arbiter import ArbiterError, RetryPolicy
from arbiter.application import ready_row
from arbiter.application.ports import entry
from arbiter.domain import facts as f
from arbiter.domain import verbs
from arbiter.domain.errors import IllegalTransition
from tests.support import handlers
from tests.support.eventually import eventually
from tests.support.processes import pid_told, wait_for_end_of
from tests.support.soundness import Truth

VERBS = ("cancel", "suspend")
ENDS = {"cancel": "cancelled", "suspend": "suspended"}


def verb_of(arbiter, verb):
    return getattr(arbiter, verb)


def nobody_runs(arbiter):
    return arbiter.stats().running_here == 0


@pytest.mark.parametrize("verb", VERBS)
def test_a_coroutine_is_cancelled(arbiter, bench, verb):
    arbiter.agent("a", kinds="work")(bench.awork)
    arbiter.start()
    task_id = arbiter.submit("work").task_id
    bench.next()
    assert verb_of(arbiter, verb)(task_id, by="ann", why="wrong").status == ENDS[verb]
    bench.next_stopped(within=2)
    eventually(lambda: nobody_runs(arbiter))
    assert arbiter.status(task_id).status == ENDS[verb]


@pytest.mark.parametrize("verb", VERBS)
def test_a_thread_that_looks_ends(arbiter, bench, verb):
    arbiter.agent("a", kinds="work")(bench.listen)
    arbiter.start()
    task_id = arbiter.submit("work").task_id
    bench.next()
    verb_of(arbiter, verb)(task_id)
    bench.next_stopped(within=2)
    eventually(lambda: nobody_runs(arbiter))


@pytest.mark.parametrize("verb", VERBS)
def test_the_late_result_of_a_thread_that_does_not_look_is_refused(arbiter, bench, verb):
    arbiter.agent("a", kinds="work")(bench.work)
    arbiter.start()
    task_id = arbiter.submit("work", "late").task_id
    running = bench.next()
    verb_of(arbiter, verb)(task_id)
    eventually(lambda: running.stopping)
    bench.open()
    bench.next_ended()
    eventually(lambda: nobody_runs(arbiter))
    view = arbiter.status(task_id)
    assert (view.status, view.result) == (ENDS[verb], None)


@pytest.mark.parametrize("verb", VERBS)
def test_a_process_is_killed(arbiter, tmp_path, verb):
    arbiter.agent("a", kinds="work", isolation="process")(handlers.stay)
    arbiter.start()
    told = tmp_path / "pid"
    task_id = arbiter.submit("work", str(told)).task_id
    pid = pid_told(told)
    verb_of(arbiter, verb)(task_id)
    wait_for_end_of(pid, within=3)
    eventually(lambda: nobody_runs(arbiter))
    assert arbiter.status(task_id).status == ENDS[verb]


def test_a_cancelled_task_cannot_be_checkpointed_any_more(arbiter, bench):
    refusals = []

    def work(task):
        bench.begun.put(task)
        bench.work(task)
        try:
            task.checkpoint({"too": "late"})
        except Exception as no:
            refusals.append(no)
            raise

    arbiter.agent("a", kinds="work")(work)
    arbiter.start()
    task_id = arbiter.submit("work").task_id
    bench.next()
    arbiter.cancel(task_id)
    bench.open()
    eventually(lambda: refusals)
    assert refusals[0].code in ("attempt_fenced", "illegal_transition")
    assert arbiter.status(task_id).checkpoint is None


def test_suspend_keeps_the_checkpoint_and_resume_costs_no_attempt(arbiter, bench):
    async def work(task):
        if task.last_checkpoint is None:
            await task.checkpoint({"page": 7})
            await bench.awork(task)
        return task.last_checkpoint

    arbiter.agent("a", kinds="work", retry=None)(work)
    arbiter.start()
    task_id = arbiter.submit("work", retry=RetryPolicy(max_attempts=1)).task_id
    bench.next()
    arbiter.suspend(task_id)
    assert arbiter.status(task_id).checkpoint == {"page": 7}
    arbiter.resume(task_id)
    done = arbiter.wait(task_id, 5)
    assert (done.status, done.result, done.attempt) == ("completed", {"page": 7}, 2)


def test_a_resumed_task_waits_for_its_former_handler(arbiter, bench, database):
    arbiter.agent("a", kinds="work")(bench.work)
    arbiter.start()
    task_id = arbiter.submit("work", "x").task_id
    first = bench.next()
    arbiter.suspend(task_id)
    arbiter.resume(task_id)
    assert Truth(database.dsn).rows[task_id][4] is not None, "nobody stops"
    with pytest.raises(AssertionError, match="nothing was begun"):
        bench.next(within=0.3)
    bench.open()
    second = bench.next(within=2)
    assert (first.attempt, second.attempt) == (1, 2)
    assert arbiter.wait(task_id, 5).status == "completed"


def test_a_handler_that_outlives_its_grace_does_not_confuse_the_next_one(
    arbiter, bench, monkeypatch
):
    monkeypatch.setattr(ready_row, "STOP_GRACE", timedelta(seconds=0.3))
    arbiter.agent("a", kinds="work", concurrency=2)(bench.work)
    arbiter.start()
    task_id = arbiter.submit("work", "x").task_id
    bench.next()
    arbiter.suspend(task_id)
    arbiter.resume(task_id)
    bench.next(within=3)
    assert arbiter.stats().running_here == 2
    bench.open()
    assert arbiter.wait(task_id, 5).attempt == 2
    eventually(lambda: nobody_runs(arbiter))


def test_suspend_and_resume_of_a_held_task_leave_it_held(arbiter):
    arbiter.agent("a", kinds="work")(lambda task: "done")
    arbiter.start()
    task_id = arbiter.submit("work", hold="four eyes").task_id
    assert arbiter.suspend(task_id).status == "suspended"
    held = arbiter.resume(task_id)
    assert (held.status, held.waits_for[0].reason) == ("held", "four eyes")
    arbiter.approve(task_id)
    assert arbiter.wait(task_id, 5).result == "done"


def test_a_waiting_task_is_cancelled(arbiter, bench):
    arbiter.agent("a", kinds="work", concurrency=1)(bench.awork)
    arbiter.start()
    arbiter.submit("work")
    bench.next()
    queued = arbiter.submit("work").task_id
    held = arbiter.submit("work", hold="look").task_id
    aside = arbiter.submit("work").task_id
    arbiter.suspend(aside)
    for task_id in (queued, held, aside):
        assert arbiter.cancel(task_id).status == "cancelled"
    bench.open()
    eventually(lambda: nobody_runs(arbiter))
    assert len(bench.order) == 1


@pytest.mark.parametrize("verb", VERBS)
def test_an_assigned_task_is_told_too(arbiter, database, verb):
    """Routing and starting are one append here; a task may still rest between them."""
    arbiter.agent("a", kinds="work")(lambda task: None)
    task_id = arbiter.submit("work").task_id

    async def assign(service):
        now = service.clock.now()
        task = await service.orchestrator.load(task_id)
        routed = verbs.route(
            task,
            "a",
            f.Decision(strategy="test", reason="a test"),
            attempt_id=uuid4(),
            incarnation=uuid4(),
            at=now,
        )
        await service.store.log.append(entry(task, [routed], at=now)[0])

    arbiter.core.run(assign)
    assert arbiter.status(task_id).status == "assigned"
    assert verb_of(arbiter, verb)(task_id).status == ENDS[verb]


def test_a_task_that_ended_cannot_be_cancelled(arbiter):
    arbiter.agent("a", kinds="work")(lambda task: None)
    arbiter.start()
    task_id = arbiter.submit("work").task_id
    arbiter.wait(task_id, 5)
    with pytest.raises(ArbiterError) as no:
        arbiter.cancel(task_id)
    assert no.value.code == "illegal_transition"
    assert "\n" not in str(no.value)


def test_many_cancels_at_once_end_it_once(arbiter, bench):
    arbiter.agent("a", kinds="work")(bench.awork)
    arbiter.start()
    task_id = arbiter.submit("work").task_id
    bench.next()

    def cancel(_):
        try:
            return arbiter.cancel(task_id).status
        except ArbiterError as no:
            return no.code

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(cancel, range(20)))
    assert sorted(set(answers)) == ["cancelled", "illegal_transition"]
    assert answers.count("cancelled") == 1


def test_cancel_races_with_completion(arbiter):
    """Whoever comes first: one ending, and what the verb answered is what happened."""

    async def quick(task):
        return "done"

    arbiter.agent("a", kinds="work")(quick)
    arbiter.start()
    for _ in range(60):
        task_id = arbiter.submit("work").task_id
        try:
            said = arbiter.cancel(task_id).status
        except IllegalTransition:
            said = "completed"
        assert arbiter.wait(task_id, 5).status == said
    eventually(lambda: nobody_runs(arbiter))
