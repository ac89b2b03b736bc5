"""What the router wrote is what a strategy can be judged by, through the whole of Arbiter."""

from datetime import UTC, datetime, timedelta

import pytest

from arbiter import RetryPolicy, TaskFilter
from arbiter.testing import in_memory

CHANCES = {"careful": 10, "hasty": 4}
"""How many of ten tasks succeed."""


@pytest.fixture
def done():
    """Two hundred tasks that Thompson sampling gave to two agents."""
    began = datetime.now(UTC) - timedelta(minutes=1)
    with in_memory(concurrency=4, routing={"strategy": "thompson", "floor": 0.3}) as arbiter:
        for name, chance in CHANCES.items():
            host(arbiter, name, chance)
        arbiter.start()
        for _ in range(20):
            asked = arbiter.submit_many({"kind": "review"} for _ in range(10))
            for each in asked:
                arbiter.wait(each.task_id, 20)
        yield arbiter, began


def host(arbiter, name, chance):
    tries = iter(range(10_000))

    @arbiter.agent(name, kinds="review", retry=RetryPolicy(max_attempts=1))
    def review(task):
        if next(tries) % 10 >= chance:
            raise ValueError("overlooked")
        task.report_quality(chance / 10)


def test_what_was_routed_is_judged(done):
    arbiter, began = done
    fair = arbiter.agents.evaluate("weighted", since=began)
    assert (fair.decisions, fair.left_out) == (200, 0)
    assert fair.ends["completed"] + fair.ends["failed"] == 200
    assert set(fair.logged_by) == {"thompson"}
    assert fair.all.evaluation.logged.value == pytest.approx(fair.ends["completed"] / 200)


def test_the_strategy_that_routed_is_worth_what_it_earned(done):
    arbiter, began = done
    told = arbiter.agents.evaluate(
        "thompson", since=began, kind="rev*", parameters={"floor": 0.3}, reward="quality"
    ).all.evaluation
    assert told.snips.value == pytest.approx(told.logged.value, abs=1e-6)
    assert told.mean_weight == pytest.approx(1.0, abs=1e-6)
    assert told.effective_sample_size == pytest.approx(200, abs=1e-3)


def test_a_judge_s_word_changes_what_a_decision_earned(done):
    arbiter, began = done
    before = arbiter.agents.evaluate("weighted", since=began, reward="quality").all.evaluation
    arbiter.views.catch_up()
    completed = TaskFilter(statuses=frozenset({"completed"}))
    for task in arbiter.views.find_tasks(completed, limit=200).tasks:
        arbiter.rate(task.task_id, 0.0, by="ada")
    after = arbiter.agents.evaluate("weighted", since=began, reward="quality").all.evaluation
    assert before.logged.value > 0.2
    assert after.logged.value == 0.0
