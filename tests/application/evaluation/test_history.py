"""What was decided about a task and what came of it, from the task's own facts."""

import pytest

from arbiter.application.evaluation.history import choices, counted, judge
from arbiter.application.evaluation.rewards import Rewarding
from arbiter.domain import facts as f
from arbiter.domain.errors import InvalidInput
from arbiter.domain.facts import Candidate, Decision, Seen
from arbiter.domain.rating import rate, result_of
from arbiter.testing.builders import (
    ERROR,
    LOST,
    NOON,
    a_task,
    attempt_failed,
    cancelled,
    completed,
    gated,
    released,
    routed,
    started,
    suspended,
    usage_reported,
)

TIMED_OUT = f.Failure(kind="timeout", type="StartToCloseTimeout", message="took too long")
DRAWN = Decision(
    strategy="thompson",
    reason="drawn",
    candidates=(
        Candidate(agent="ruff", score=1, propensity=0.75, features=Seen(agent="ruff", cost=2.0)),
        Candidate(agent="bandit", score=0, propensity=0.25, features=Seen(agent="bandit")),
    ),
)
BEGUN = a_task(kind="review").then(gated, routed(agent="ruff", decision=DRAWN), started)


def only(task):
    [choice] = choices(task.facts)
    return choice


def test_a_choice_has_its_kind_its_agent_and_its_decision():
    choice = only(BEGUN)
    assert (choice.kind, choice.agent, choice.decision) == ("review", "ruff", DRAWN)
    assert choice.end == "unfinished"


@pytest.mark.parametrize(
    ("step", "end"),
    [
        (completed, "completed"),
        (attempt_failed(error=ERROR), "failed"),
        (attempt_failed(error=TIMED_OUT), "timed_out"),
        (attempt_failed(error=LOST), "lost"),
        (cancelled, "cancelled"),
        (released, "given_back"),
        (suspended, "given_back"),
    ],
)
def test_how_an_attempt_ended(step, end):
    choice = only(BEGUN.then(step))
    assert choice.end == end
    known = end in {"completed", "failed"}
    assert (Rewarding().of(choice) is not None) is known


def test_each_attempt_is_a_choice_of_its_own():
    twice = BEGUN.then(attempt_failed, routed(agent="bandit"), started, completed(quality=0.5))
    first, second = choices(twice.facts)
    assert [first.end, second.end] == ["failed", "completed"]
    assert (first.quality, second.quality) == (None, 0.5)
    assert counted([first, second]) == {"failed": 1, "completed": 1}


def test_the_judges_have_the_last_word_on_quality():
    done = BEGUN.then(completed(quality=0.5))
    choice = only(done)
    judge(choice, [rate(result_of(done.task), 1.0, "ada", at=NOON)])
    assert choice.quality == 1.0


def test_the_cost_is_what_was_told_last_and_else_what_was_believed():
    assert only(BEGUN.then(completed)).cost == 2.0
    assert only(BEGUN.then(usage_reported(cost=3.0), completed)).cost == 3.0
    assert only(BEGUN.then(usage_reported(cost=3.0), completed(cost=4.0))).cost == 4.0
    assert only(BEGUN.then(usage_reported(cost=3.0), attempt_failed)).cost == 3.0


def test_rewards():
    good = only(BEGUN.then(completed(quality=0.5, cost=4.0)))
    bad, unrated = only(BEGUN.then(attempt_failed)), only(BEGUN.then(completed))
    assert [Rewarding().of(each) for each in (good, bad, unrated)] == [1.0, 0.0, 1.0]
    by_quality = Rewarding(reward="quality")
    assert [by_quality.of(each) for each in (good, bad, unrated)] == [0.5, 0.0, None]
    by_utility = Rewarding(reward="utility", price=0.1)
    assert by_utility.of(good) == pytest.approx(0.1)
    assert by_utility.of(bad) == pytest.approx(-0.2)
    assert by_utility.limits([0.1, -0.2]) == (-0.2, 1.0)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"reward": "fame"}, "reward"),
        ({"price": -1.0}, "price"),
        ({"price": float("nan")}, "price"),
    ],
)
def test_a_reward_that_cannot_be_meant_is_refused(said, field):
    with pytest.raises(InvalidInput, match=f"^{field}: "):
        Rewarding(**said)
