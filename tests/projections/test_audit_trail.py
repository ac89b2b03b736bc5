"""The audit trail enters every fact with who did it, and tells it as a sentence."""

import pytest

from arbiter.domain import facts as f
from arbiter.domain.anomalies import answer, evolve, unknown
from arbiter.domain.facts import FACTS
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.rating import rate, remember, result_of
from arbiter.domain.trends import Point
from arbiter.projections.audit_trail import AuditTrail, actor
from arbiter.projections.sentences import cause, sentence
from arbiter.testing.builders import LOST, NOON, a_task, completed, redriven, refused, suspended
from arbiter.testing.random_log import TIMEOUT, RandomLog
from tests.projections.folding import batch_of, recorded

LOG = [fact for seed in range(30) for fact in RandomLog(seed).grow(200)]


def actors(life):
    return {step.fact.topic: actor(step) for step in batch_of(life).steps}


def test_every_fact_is_entered_in_order():
    life = a_task().completed()
    entries = AuditTrail().fold(batch_of(life)).entries
    assert [entry.position for entry in entries] == [each.position for each in recorded(life)]
    assert {entry.stream_id for entry in entries} == {life.task.id}
    assert [entry.topic for entry in entries] == [fact.topic for fact in life.facts]


def test_each_part_answers_for_its_own_decisions():
    assert actors(a_task(by="ann").routed_to("ruff").completed()) == {
        "task.submitted": "ann",
        "task.validated": "gate",
        "task.routed": "router",
        "task.started": "agent ruff",
        "task.completed": "agent ruff",
    }


def test_who_gave_no_name_is_somebody():
    assert actors(a_task().queued().then(suspended))["task.suspended"] == "somebody"
    assert actors(a_task().failed().then(redriven(by="bob")))["task.redriven"] == "bob"


def test_losses_are_the_reaper_s_and_timeouts_the_clock_s():
    assert actors(a_task().retrying(LOST))["task.attempt_failed"] == "reaper"
    assert actors(a_task().retrying(TIMEOUT))["task.attempt_failed"] == "clock"
    assert actors(a_task().retrying())["task.attempt_failed"] == "agent ruff"


def test_a_person_s_no_is_told_from_the_gate_s():
    assert actors(a_task().held().rejected("no"))["task.rejected"] == "somebody"
    assert actors(a_task().then(refused))["task.rejected"] == "gate"


@pytest.mark.parametrize("topic", sorted({fact.topic for fact in LOG}))
def test_a_sentence_is_one_line_and_says_where_it_leads(topic):
    for fact in LOG:
        if fact.topic != topic:
            continue
        told = sentence(fact)
        assert told.isprintable()
        assert told[0].isupper()
        assert told.endswith(".")
        assert "None" not in told
        if isinstance(fact, TaskFact) and fact.becomes is not None:
            assert told.endswith(f"the task is {fact.becomes.value}.")
        assert cause(fact) is None or cause(fact).isprintable()


def test_a_fact_that_has_no_words_yet_is_told_by_its_class():
    class Sung(f.WorkerFact, frozen=True, kw_only=True):
        """Somebody sang.

        Loudly.
        """

        topic = "worker.sung"

    assert sentence(Sung(version=1, at=NOON, incarnation=a_task().task.id)) == "Somebody sang."


def test_every_topic_has_words_of_its_own():
    from arbiter.projections.sentences import _WORDS

    assert set(_WORDS) == set(FACTS.values())


def test_causes_are_what_was_recorded():
    retried = a_task(cause="nightly run").retrying()
    assert cause(retried.facts[0]) == "nightly run"
    assert cause(retried.facts[-1]) == "ValueError: no such thing"
    assert cause(a_task().completed().facts[-1]) is None


def test_an_attempt_reads_as_a_story():
    life = a_task(kind="code-review", queue="default", priority=5).routed_to("ruff").completed()
    assert [sentence(fact) for fact in life.facts] == [
        "A task of kind code-review was submitted (queue default, priority 5): the task is pending.",
        "The gate let it into the queue: the task is queued.",
        "Attempt 1 was given to agent ruff (first_able: the only one able): the task is assigned.",
        "The attempt started: the task is running.",
        "The attempt completed it in 0 ms: the task is completed.",
    ]


def test_what_is_said_of_results_and_of_agents_reads_as_a_sentence():
    usual = Point(begins=NOON, attempts=12, p95_ms=1000, success_rate=0.9)
    slow = Point(begins=NOON, attempts=12, p95_ms=6000, success_rate=0.5)
    told = [answer(each, slow, usual, at=NOON) for each in unknown("ruff", "review")]
    raised = {fact.type: fact for fact in told if fact is not None}
    assert sentence(raised["latency_spike"]) == (
        "An anomaly of agent ruff at review was raised, critical: P95 of latency 6,000 ms,"
        " usually 1,000 ms (12 attempts in 300 s)."
    )
    assert sentence(raised["error_rate_increase"]) == (
        "An anomaly of agent ruff at review was raised, critical: error rate 50.0%,"
        " usually 10.0% (12 attempts in 300 s)."
    )
    standing = evolve(None, raised["latency_spike"])
    assert sentence(answer(standing, usual, usual, at=NOON)) == (
        "An anomaly of agent ruff at review was resolved, it has recovered: P95 of latency"
        " 1,000 ms, usually 1,000 ms."
    )
    life = a_task().running().then(completed(quality=0.75, cost=2.5))
    assert sentence(life.facts[-1]) == (
        "The attempt completed it in 0 ms, of quality 0.75 by its own word, at a cost of 2.5:"
        " the task is completed."
    )
    rated = rate(result_of(life.task), 0.5, "ann", at=NOON)
    assert sentence(rated) == "The result of attempt 1 by agent ruff was rated 0.5."
    again = rate(remember(result_of(life.task), [rated]), 1.0, "bob", at=NOON)
    assert sentence(again) == (
        "The result of attempt 1 by agent ruff was rated 1, which makes it 0.75 in all."
    )
