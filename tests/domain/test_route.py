from __future__ import annotations

from datetime import timedelta

from arbiter.domain import verbs
from arbiter.domain.facts import TaskRouted
from arbiter.domain.limits import NO_LIMITS, Limits
from arbiter.domain.retry import DEFAULT_RETRY, RetryPolicy
from arbiter.domain.status import Status
from arbiter.testing.builders import (
    DECISION,
    ERROR,
    FIRST,
    NOON,
    SECOND,
    WORKER,
    a_task,
    attempt_failed,
    routed,
)
from arbiter.testing.scenario import given

FIVE, TWO = RetryPolicy(max_attempts=5), RetryPolicy(max_attempts=2)


def route(task, **agents_own):
    return verbs.route(
        task, "ruff", DECISION, attempt_id=FIRST, incarnation=WORKER, at=NOON, **agents_own
    )


def test_the_next_attempt_is_given_to_an_agent():
    outcome = given(a_task().queued()).when(route)
    task = outcome.then(TaskRouted)
    assert task.status is Status.ASSIGNED
    assert (task.attempt, task.attempt_id, task.agent, task.incarnation) == (
        1,
        FIRST,
        "ruff",
        WORKER,
    )
    assert (outcome.facts[0].run, outcome.facts[0].decision) == (1, DECISION)


def test_being_given_to_an_agent_is_not_yet_an_attempt_that_counts():
    assert a_task().routed_to("ruff").task.spent == 0


def test_attempt_numbers_go_on_rising():
    life = a_task().retrying().then(routed(attempt=SECOND))
    assert (life.task.attempt, life.task.attempt_id) == (2, SECOND)


def test_the_agent_s_policy_counts_where_the_submission_named_none():
    task = given(a_task().queued()).when(lambda task: route(task, retry=FIVE)).then(TaskRouted)
    assert task.policy == FIVE


def test_the_submission_s_policy_goes_before_the_agent_s():
    outcome = given(a_task(retry=TWO).queued()).when(lambda task: route(task, retry=FIVE))
    assert outcome.then(TaskRouted).policy == TWO
    assert outcome.facts[0].retry is None


def test_the_next_agent_brings_its_own_policy():
    first = a_task().queued().then(routed(retry=FIVE), attempt_failed(error=ERROR))
    assert first.then(routed(retry=TWO)).task.policy == TWO
    assert first.then(routed).task.policy == DEFAULT_RETRY


def test_the_agent_s_limits_complete_those_of_the_submission():
    asked, own = Limits(total=60), Limits(total=5, start_to_close=10, heartbeat=2)
    life = a_task(limits=asked).queued().then(routed(limits=own))
    assert life.task.limits == Limits(total=60, start_to_close=10, heartbeat=2)
    assert life.then(attempt_failed, routed).task.limits == asked


def test_without_any_limits_there_are_none():
    assert a_task().routed_to("ruff").task.limits == NO_LIMITS


def test_the_moment_to_wait_for_is_behind_it_then():
    scheduled = a_task(not_before=NOON + timedelta(hours=1)).queued().later(3600)
    assert scheduled.routed_to("ruff").task.not_before is None
