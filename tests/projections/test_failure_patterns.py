"""Failures fold into patterns, with who failed how often, since when, and examples."""

from uuid import UUID

import pytest

from arbiter.application.ports import Recorded
from arbiter.domain import facts as f
from arbiter.domain.failures import AlertPolicy, answer, evolve
from arbiter.domain.limits import Limits
from arbiter.projections.failure_patterns import FailurePatterns, watched
from arbiter.testing.builders import LOST, NOON, a_task, expired
from tests.projections.folding import batches_of, recorded


def failing(number, message, *, agent="ruff", kind="review"):
    error = f.Failure(kind="exception", type="ValueError", message=message)
    task = a_task(task_id=UUID(int=number), kind=kind).routed_to(agent).running()
    return task.later(number).retrying(error)


def watches_of(log, size=1000):
    known = {}
    for batch in batches_of(log, size):
        change = FailurePatterns().fold(batch)
        known.update((watch.pattern.fingerprint, watch) for watch in watched(known, change))
    return known


def test_errors_that_differ_in_details_are_one_pattern():
    lives = [
        failing(n, f"line {n} is wrong", kind="review" if n < 3 else "merge") for n in (1, 2, 3)
    ]
    (watch,) = watches_of(recorded(*lives)).values()
    assert watch.pattern.pattern == "line <n> is wrong"
    assert (watch.seen, watch.task_kinds) == (3, {"review": 2, "merge": 1})
    assert [example.message for example in watch.examples] == [
        f"line {n} is wrong" for n in (1, 2, 3)
    ]
    assert (watch.first, watch.last) == (lives[0].at, lives[2].at)


def test_each_agent_has_its_own():
    watches = watches_of(recorded(failing(1, "no"), failing(2, "no", agent="radon")))
    assert {watch.pattern.agent for watch in watches.values()} == {"ruff", "radon"}


def test_a_lost_worker_is_a_pattern_of_its_agent():
    (watch,) = watches_of(recorded(a_task().retrying(LOST))).values()
    assert (watch.pattern.agent, watch.pattern.kind) == ("ruff", "worker_lost")


def test_what_fails_in_the_queue_is_nobody_s():
    waited = a_task(limits=Limits(schedule_to_start=1.0)).queued().later(10)
    (watch,) = watches_of(recorded(waited.then(expired))).values()
    assert (watch.pattern.agent, watch.pattern.kind) == ("", "timeout")
    again = a_task(limits=Limits(total=5.0)).retrying().later(10).then(expired)
    assert {watch.pattern.agent for watch in watches_of(recorded(again)).values()} == {"ruff", ""}


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_batches_of_any_size_make_the_same_patterns(size):
    lives = [failing(n, f"{'no' if n % 2 else 'what'} {n}") for n in range(1, 8)]
    log = recorded(*lives)
    (watch, *_) = watches_of(log).values()
    alert = answer(watch, AlertPolicy(times=2), at=NOON.replace(minute=1))
    log.append(Recorded(alert, len(log) + 1))
    assert watches_of(log, size) == watches_of(log)
    assert watches_of(log)[watch.pattern.fingerprint] == evolve(watch, alert)


def test_a_character_no_table_can_hold_is_replaced():
    (watch,) = watches_of(recorded(failing(1, "a\0b"))).values()
    assert "\0" not in watch.pattern.pattern + watch.examples[0].message
