"""How good a result is and what it cost: as the handler says, in every way a handler can run."""

from __future__ import annotations

import pytest

from arbiter import RetryPolicy, connect
from arbiter.domain.errors import InvalidInput, NothingToRate, UnknownTask
from tests.support import handlers

ONCE = RetryPolicy(max_attempts=1)


def reports(task):
    task.report_quality(0.1)
    task.report_quality(0.75)
    task.report_usage(cost=1.0)
    task.report_usage(tokens=9, cost=2.5)


async def areports(task):
    task.report_quality(0.75)
    await task.report_usage(cost=2.5)


def says_nothing(task):
    return None


def says_nonsense(task):
    task.report_quality(task.payload)


def counts_tokens_only(task):
    task.report_usage(tokens=9)


HANDLERS = {
    "thread": (reports, {}),
    "loop": (areports, {}),
    "process": (handlers.reports_quality, {"isolation": "process"}),
    "silent": (says_nothing, {}),
    "priced": (says_nothing, {"cost_per_task": 0.25}),
    "tokens": (counts_tokens_only, {"cost_per_task": 0.25}),
    "nonsense": (says_nonsense, {"retry": ONCE}),
}


@pytest.fixture(scope="module")
def arbiter(databases):
    with databases.migrated() as database, connect(dsn=database.dsn) as arbiter:
        for kind, (handler, details) in HANDLERS.items():
            arbiter.agent(kind, kinds=kind, **details)(handler)
        arbiter.start()
        yield arbiter


def done(arbiter, kind, payload=None):
    task_id = arbiter.submit(kind, payload).task_id
    assert arbiter.wait(task_id, 20).status == "completed"
    return arbiter.history(task_id)[-1].fact


@pytest.mark.parametrize("kind", ["thread", "loop", "process"])
def test_the_handler_s_last_word_stands_in_the_fact(arbiter, kind):
    fact = done(arbiter, kind)
    assert (fact.quality, fact.cost) == (0.75, 2.5)


def test_who_says_nothing_is_not_rated_and_costs_what_its_agent_costs(arbiter):
    fact = done(arbiter, "silent")
    assert (fact.quality, fact.cost) == (None, None)
    assert done(arbiter, "priced").cost == 0.25
    assert done(arbiter, "tokens").cost == 0.25


@pytest.mark.parametrize("quality", [-1, 1.5, "good", True, None])
def test_what_is_no_quality_is_refused_and_the_attempt_says_why(arbiter, quality):
    task_id = arbiter.submit("nonsense", quality).task_id
    failed = arbiter.wait(task_id, 20)
    assert failed.status == "failed"
    assert failed.error.type == "InvalidInput"
    assert failed.error.message.startswith("quality: ")


def test_a_judge_s_word_is_a_fact_of_its_own(arbiter):
    fact = done(arbiter, "thread")
    before = len(arbiter.history(fact.task_id))
    told = arbiter.rate(fact.task_id, 0.25, by="ann", why="half of it was noise")
    assert (told.quality, told.own, told.judges) == (0.25, 0.75, {"ann": 0.25})
    assert (told.agent, told.kind, told.attempt) == ("thread", "thread", 1)
    told = arbiter.rate(str(fact.task_id), 0.75, by="bob")
    assert (told.quality, told.judges) == (0.5, {"ann": 0.25, "bob": 0.75})
    assert len(arbiter.history(fact.task_id)) == before


def test_said_again_just_so_nothing_is_written(arbiter):
    task_id = done(arbiter, "silent").task_id
    arbiter.rate(task_id, 0.5, by="ann")
    arbiter.views.catch_up()
    written = len(arbiter.views.audit_trail(actor="ann", limit=1000))
    arbiter.rate(task_id, 0.5, by="ann")
    arbiter.views.catch_up()
    assert len(arbiter.views.audit_trail(actor="ann", limit=1000)) == written


@pytest.mark.parametrize("quality", [-0.01, 1.01, float("nan"), "0.5", True, None])
def test_a_rating_is_a_number_from_0_to_1(arbiter, quality):
    task_id = done(arbiter, "silent").task_id
    with pytest.raises(InvalidInput, match="quality"):
        arbiter.rate(task_id, quality, by="ann")


def test_only_what_was_completed_can_be_rated(arbiter):
    task_id = arbiter.submit("silent", hold="wait").task_id
    with pytest.raises(NothingToRate, match="held"):
        arbiter.rate(task_id, 1.0, by="ann")
    with pytest.raises(UnknownTask):
        arbiter.rate("0193f2a4-7c1e-7b2a-9d53-0c2f4f6f8a10", 1.0, by="ann")
    with pytest.raises(InvalidInput, match="by"):
        arbiter.rate(task_id, 1.0, by="")
