"""What cannot be meant is refused in one line that names it, and nothing is written."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from arbiter import ArbiterError, Limits, RetryPolicy, connect
from tests.support.soundness import Truth

CIRCLE: list = []
CIRCLE.append(CIRCLE)
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def untouched(databases):
    """One database for all that writes nothing."""
    with databases.migrated() as database:
        yield database


@pytest.fixture(scope="module")
def asked(untouched):
    """One Arbiter for all that is refused."""
    with connect(dsn=untouched.dsn) as arbiter:
        arbiter.agent("a", kinds="work")(lambda task: None)
        yield arbiter


@pytest.fixture
def known(arbiter):
    arbiter.agent("a", kinds="work")(lambda task: None)
    return arbiter


def refused(database, call, *arguments, **named):
    with pytest.raises(ArbiterError) as no:
        call(*arguments, **named)
    said = str(no.value)
    assert "\n" not in said
    assert no.value.code == "invalid_input"
    assert not Truth(database.dsn).facts
    return said


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (math.nan, "payload"),
        ({"a": [1, math.inf]}, "payload.a[1]"),
        ({"a": {1: 2}}, "payload.a"),
        (2**64, "payload"),
        (-(2**63) - 1, "payload"),
        ("\ud800", "payload"),
        ({"\udfff": 1}, "payload"),
        (["a\x00"], "payload[0]"),
        (CIRCLE, "payload"),
        ("x" * 262_143, "payload"),
        (b"bytes", "payload"),
        (NOW, "payload"),
        (object(), "payload"),
        ((1, {2}), "payload[1]"),
    ],
    ids=lambda value: repr(value)[:16],
)
def test_payloads(asked, untouched, payload, field):
    assert refused(untouched, asked.submit, "work", payload).startswith(field)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"priority": 10}, "priority"),
        ({"priority": -1}, "priority"),
        ({"priority": 5.5}, "priority"),
        ({"priority": True}, "priority"),
        ({"priority": "5"}, "priority"),
        ({"prioriti": 5}, "prioriti"),
        ({"queue": "two words"}, "queue"),
        ({"queue": ""}, "queue"),
        ({"queue": "a\x00"}, "queue"),
        ({"tenant": "x" * 201}, "tenant"),
        ({"tenant": "\ud800"}, "tenant"),
        ({"not_before": datetime(2030, 1, 1)}, "not_before"),  # noqa: DTZ001
        ({"not_before": "soon"}, "not_before"),
        ({"idempotency_key": ""}, "idempotency_key"),
        ({"idempotency_key": "a\x00b"}, "idempotency_key"),
        ({"idempotency_key": "\ud800"}, "idempotency_key"),
        ({"hold": ""}, "hold"),
        ({"hold": "x" * 3000}, "hold"),
        ({"hold": "\ud800"}, "hold"),
        ({"hold_until": NOW}, "hold_until"),
        ({"hold_until": NOW, "holds": "why"}, "holds"),
        ({"parent": "no id"}, "parent"),
        ({"trace": "\x00"}, "trace"),
        ({"by": 7}, "by"),
        ({"requires": "python"}, "requires"),
        ({"requires": {"languages": 7}}, "requires"),
        ({"requires": {"two words": ["x"]}}, "requires"),
        ({"requires": {"languages": ["a\x00"]}}, "requires"),
        ({"limits": Limits(total=-1)}, "limits.total"),
        ({"limits": Limits(heartbeat=math.nan)}, "limits.heartbeat"),
        ({"limits": 5}, "limits"),
        ({"retry": RetryPolicy(max_attempts=0)}, "retry.max_attempts"),
        ({"retry": RetryPolicy(max_attempts=1.5)}, "retry.max_attempts"),
        ({"retry": RetryPolicy(initial=math.inf)}, "retry.initial"),
        ({"retry": RetryPolicy(backoff="random")}, "retry.backoff"),
        ({"retry": RetryPolicy(on={"E": "panic"})}, "retry.on"),
        ({"retry": "often"}, "retry"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_options(asked, untouched, options, field):
    said = refused(untouched, asked.submit, "work", 1, **options)
    assert field in said.split(":")[0], said


@pytest.mark.parametrize("kind", ["", "two words", "a\x00", None, 7, "\ud800", "x" * 201])
def test_kinds(asked, untouched, kind):
    assert refused(untouched, asked.submit, kind, any_kind=True).startswith("kind")


def test_one_bad_submission_of_many_lets_none_in(asked, untouched):
    works = [{"kind": "work"}, {"kind": "work", "payload": {1}}, {"kind": "work"}]
    assert refused(untouched, asked.submit_many, works).startswith("[1].payload")
    assert refused(untouched, asked.submit_many, [{"payload": 1}]).startswith("[0]")
    assert refused(untouched, asked.submit_many, [{"kind": "work"}, 7]).startswith("[1]")
    assert asked.submit_many([]) == []


def test_an_unknown_kind_of_many_lets_none_in(asked, untouched):
    with pytest.raises(ArbiterError) as no:
        asked.submit_many([{"kind": "work"}, {"kind": "wrk"}])
    assert no.value.code == "unknown_kind"
    assert not Truth(untouched.dsn).facts


@pytest.mark.parametrize("task_id", ["", "0193", 7, None, "x" * 36])
def test_ids(asked, untouched, task_id):
    for verb in (asked.status, asked.cancel, asked.redrive, asked.approve, asked.wait):
        assert refused(untouched, verb, task_id).startswith("task_id")


@pytest.mark.parametrize(
    "options",
    [
        {"kinds": ()},
        {"kinds": "two words"},
        {"kinds": ["a", ""]},
        {"kinds": "a", "concurrency": 0},
        {"kinds": "a", "concurrency": True},
        {"kinds": "a", "concurrency": 1.5},
        {"kinds": "a", "isolation": "container"},
        {"kinds": "a", "retry": RetryPolicy(max_attempts=0)},
        {"kinds": "a", "limits": Limits(total=0)},
        {"kinds": "a", "retry": RetryPolicy(max_attempts=2.5)},
        {"kinds": "a", "retry": RetryPolicy(on={1: "fail"})},
        {"kinds": "a", "limits": Limits(total="long")},
        {"kinds": "a", "languages": 7},
        {"kinds": "a", "languages": ["a\x1fb"]},
        {"kinds": "a", "specializations": ["\ud800"]},
        {"kinds": "a", "model_family": 3},
        {"kinds": "a", "cost_per_task": math.nan},
        {"kinds": "a", "cost_per_task": -1},
        {"kinds": "a\x00"},
        {"kinds": 7},
    ],
    ids=str,
)
def test_agents(options):
    with pytest.raises(ArbiterError) as no:
        connect().agent("name", **options)(lambda task: None)
    assert no.value.code == "invalid_agent_data"
    assert "\n" not in str(no.value)


@pytest.mark.parametrize("name", ["", "two words", " ", "a\x00"])
def test_names_of_agents(name):
    with pytest.raises(ArbiterError, match="name"):
        connect().agent(name, kinds="work")(lambda task: None)


@pytest.mark.parametrize(
    "options",
    [{"by": 7}, {"why": "a\x00"}, {"by": "\ud800"}, {"limit": 1.5}, {"limit": "2"}],
    ids=str,
)
def test_switches_of_a_queue(known, options):
    verb = known.limit_queue if "limit" in options else known.pause_queue
    with pytest.raises(ArbiterError) as no:
        verb("default", **options)
    assert no.value.code == "invalid_input"
    assert not known.stats().paused


def test_one_word_may_stand_for_one_ability(known):
    known.agent("snake", kinds="snake", languages="python")(lambda task: "hiss")
    known.start()
    task_id = known.submit("snake", requires={"languages": "python"}).task_id
    assert known.wait(task_id, 5).result == "hiss"


@pytest.mark.parametrize(
    "used",
    [{"cost": math.nan}, {"cost": -1}, {"tokens": 1.5}, {"files": -1}, {"lines": "many"}],
    ids=str,
)
def test_reports_of_usage(arbiter, used):
    def handler(task):
        try:
            task.report_usage(**used)
        except ArbiterError as no:
            return no.code

    arbiter.agent("a", kinds="work")(handler)
    arbiter.start()
    task_id = arbiter.submit("work").task_id
    assert arbiter.wait(task_id, 5).result == "invalid_input"
    assert "task.usage_reported" not in [story.fact.topic for story in arbiter.history(task_id)]


def test_orders_about_a_task(known):
    task_id = known.submit("work", hold="look").task_id
    for order in (
        lambda: known.reschedule(task_id),
        lambda: known.reschedule(task_id, priority=11),
        lambda: known.reschedule(task_id, not_before=datetime(2030, 1, 1)),  # noqa: DTZ001
        lambda: known.approve(task_id, until=NOW - timedelta(1)),
        lambda: known.approve(task_id, by="a\x00"),
        lambda: known.cancel(task_id, why=""),
        lambda: known.cancel(task_id, why="\ud800"),
        lambda: known.stale(-1),
        lambda: known.clean_up("long"),
    ):
        with pytest.raises(ArbiterError) as no:
            order()
        assert no.value.code == "invalid_input", no.value
        assert "\n" not in str(no.value)
    assert len(known.history(task_id)) == 2


def test_a_connection_that_cannot_carry_a_submission(asked, untouched):
    with psycopg.connect(untouched.dsn, autocommit=True) as connection:
        said = refused(untouched, asked.submit, "work", connection=connection)
        assert said.startswith("connection")
    assert refused(untouched, asked.submit, "work", connection="dsn").startswith("connection")


def test_a_rolled_back_transaction_takes_its_submission_with_it(asked, untouched):
    with psycopg.connect(untouched.dsn) as connection:
        asked.submit("work", connection=connection)
        connection.rollback()
    assert not Truth(untouched.dsn).facts
