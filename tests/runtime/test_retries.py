"""A failed attempt is tried again, or not, as its policy says."""

from __future__ import annotations

import pytest

from arbiter import RetryPolicy
from arbiter.domain import facts as f
from tests.support.eventually import eventually
from tests.support.soundness import Truth

SOON = RetryPolicy(initial=0.02, jitter=0.0)


class Broken(Exception):
    pass


def failing(times, error=Broken):
    attempts = []

    def handler(task):
        attempts.append(task.attempt)
        if len(attempts) <= times:
            raise error(f"attempt {task.attempt}")
        return attempts

    return handler


async def afailing(task):
    if task.attempt < 3:
        raise Broken(task.attempt)
    return task.attempt


def failures(database, task_id):
    return [
        fact
        for fact in Truth(database.dsn).facts[task_id]
        if isinstance(fact, f.TaskAttemptFailed | f.TaskFailed)
    ]


def test_a_task_is_tried_until_it_works(arbiter, database):
    arbiter.agent("a", kinds="work", retry=SOON)(failing(2))
    arbiter.start()
    task_id = arbiter.submit("work").task_id
    done = arbiter.wait(task_id, 10)
    assert (done.status, done.result, done.attempt) == ("completed", [1, 2, 3], 3)
    assert [fact.topic for fact in failures(database, task_id)] == ["task.attempt_failed"] * 2


def test_a_coroutine_is_tried_again_too(arbiter):
    arbiter.agent("a", kinds="work", retry=SOON)(afailing)
    arbiter.start()
    assert arbiter.wait(arbiter.submit("work").task_id, 10).result == 3


@pytest.mark.parametrize(
    ("backoff", "delays"),
    [
        ("linear", [0.05, 0.1, 0.15]),
        ("exponential", [0.05, 0.1, 0.2]),
        ("constant", [0.05, 0.05, 0.05]),
    ],
)
def test_the_delays_are_those_of_the_policy(arbiter, database, backoff, delays):
    policy = RetryPolicy(max_attempts=4, backoff=backoff, initial=0.05, jitter=0.0)
    arbiter.agent("a", kinds="work")(failing(3))
    arbiter.start()
    task_id = arbiter.submit("work", retry=policy).task_id
    assert arbiter.wait(task_id, 10).status == "completed"
    failed = failures(database, task_id)
    assert [pytest.approx((fact.not_before - fact.at).total_seconds()) for fact in failed] == delays
    starts = [
        fact.at for fact in Truth(database.dsn).facts[task_id] if isinstance(fact, f.TaskStarted)
    ]
    for fact, start in zip(failed, starts[1:], strict=True):
        assert fact.not_before <= start


def test_chance_moves_a_delay_within_its_jitter(arbiter, database):
    policy = RetryPolicy(max_attempts=9, backoff="constant", initial=0.02, jitter=0.5)
    arbiter.agent("a", kinds="work")(failing(8))
    arbiter.start()
    task_id = arbiter.submit("work", retry=policy).task_id
    assert arbiter.wait(task_id, 10).status == "completed"
    delays = [(each.not_before - each.at).total_seconds() for each in failures(database, task_id)]
    assert all(0.01 <= delay <= 0.03 for delay in delays)
    assert len(set(delays)) > 1


def test_the_last_attempt_parks_the_task(arbiter, database):
    arbiter.agent("a", kinds="work", retry=SOON)(failing(99))
    arbiter.start()
    task_id = arbiter.submit("work").task_id
    parked = arbiter.wait(task_id, 10)
    assert (parked.status, parked.attempt) == ("failed", 3)
    assert (parked.error.type, parked.error.message) == ("Broken", "attempt 3")
    assert 'raise error(f"attempt {task.attempt}")' in parked.error.detail
    assert arbiter.history(task_id)[-1].fact.attempts == 3


def test_at_most_once_is_once(arbiter):
    handler = failing(99)
    arbiter.agent("a", kinds="work")(handler)
    arbiter.start()
    task_id = arbiter.submit("work", retry=RetryPolicy(max_attempts=1)).task_id
    assert arbiter.wait(task_id, 10).status == "failed"
    assert [story.fact.topic for story in arbiter.history(task_id)].count("task.started") == 1


def test_the_submission_knows_better_than_the_agent(arbiter):
    arbiter.agent("a", kinds="work", retry=SOON)(failing(99))
    arbiter.start()
    policy = RetryPolicy(max_attempts=2, initial=0.01)
    parked = arbiter.wait(arbiter.submit("work", retry=policy).task_id, 10)
    assert parked.attempt == 2


def test_an_error_type_may_end_it_at_once(arbiter):
    arbiter.agent("a", kinds="work", retry=RetryPolicy(on={"Broken": "fail"}))(failing(99))
    arbiter.start()
    parked = arbiter.wait(arbiter.submit("work").task_id, 10)
    assert (parked.status, parked.attempt) == ("failed", 1)


def test_an_error_type_may_ask_a_person_who_lets_it_go_on(arbiter):
    policy = RetryPolicy(initial=0.01, on={"Broken": "hold"})
    arbiter.agent("a", kinds="work", retry=policy)(failing(1))
    heard = []
    arbiter.on("task.held", heard.append)
    arbiter.start()
    task_id = arbiter.submit("work").task_id

    eventually(lambda: heard)
    held = arbiter.status(task_id)
    assert (held.status, held.waits_for[0].kind) == ("held", "error")
    assert "Broken" in held.waits_for[0].reason
    arbiter.approve(task_id, by="ann")
    done = arbiter.wait(task_id, 10)
    assert (done.status, done.attempt) == ("completed", 2)


def test_an_error_a_person_was_asked_about_is_asked_about_again(arbiter):
    policy = RetryPolicy(max_attempts=5, initial=0.01, on={"Broken": "hold"})
    arbiter.agent("a", kinds="work", retry=policy)(failing(2))
    arbiter.start()

    task_id = arbiter.submit("work").task_id
    for attempt in (1, 2):
        eventually(
            lambda a=attempt: (s := arbiter.status(task_id)).status == "held" and s.attempt == a
        )
        arbiter.approve(task_id)
    assert arbiter.wait(task_id, 10).attempt == 3


def test_a_person_may_say_no_to_an_error(arbiter):
    arbiter.agent("a", kinds="work", retry=RetryPolicy(on={"Broken": "hold"}))(failing(9))
    arbiter.start()

    task_id = arbiter.submit("work").task_id
    eventually(lambda: arbiter.status(task_id).status == "held")
    arbiter.reject(task_id, why="not worth it")
    assert arbiter.wait(task_id, 10).status == "rejected"


def leaves(task):
    raise SystemExit(3)


async def aleaves(task):
    raise SystemExit(3)


async def interrupts(task):
    raise KeyboardInterrupt


@pytest.mark.parametrize("handler", [leaves, aleaves, interrupts])
def test_a_handler_that_leaves_the_program_only_fails_its_attempt(arbiter, handler):
    arbiter.agent("a", kinds="leave", retry=RetryPolicy(max_attempts=2, initial=0.01))(handler)
    arbiter.agent("b", kinds="stay")(lambda task: "here")
    arbiter.start()
    parked = arbiter.wait(arbiter.submit("leave").task_id, 10)
    assert parked.status == "failed"
    assert parked.error.type in ("SystemExit", "KeyboardInterrupt")
    assert arbiter.wait(arbiter.submit("stay").task_id, 10).result == "here"


class Unspeakable(Exception):
    def __str__(self):
        raise ValueError("no words")


def test_an_error_without_words_is_an_error_all_the_same(arbiter):
    arbiter.agent("a", kinds="work", retry=RetryPolicy(max_attempts=1))(failing(9, Unspeakable))
    arbiter.start()
    parked = arbiter.wait(arbiter.submit("work").task_id, 10)
    assert (parked.status, parked.error.type) == ("failed", "Unspeakable")
