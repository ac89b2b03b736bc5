"""What handlers give back is stored exactly, or the attempt fails and says why; nothing is lost."""

from __future__ import annotations

import asyncio
import os

import pytest

from arbiter import ArbiterError, RetryPolicy, connect
from tests.support import handlers

ONCE = RetryPolicy(max_attempts=1)
DEEP: list = []
for _ in range(300):
    DEEP = [DEEP]
CIRCLE: dict = {}
CIRCLE["me"] = CIRCLE


class Weird:
    def __repr__(self):
        raise ValueError("no face")

    __hash__ = object.__hash__


@pytest.fixture(scope="module")
def result_of(databases):
    """What becomes of a task whose handler returns a value; one Arbiter for all of them."""
    values: list = []

    def result_of(value):
        values.append(value)
        return arbiter.wait(arbiter.submit("work", len(values) - 1).task_id, 5)

    with (
        databases.migrated() as database,
        connect(dsn=database.dsn, breaker_failures=100) as arbiter,
    ):
        arbiter.agent("a", kinds="work", retry=ONCE)(lambda task: values[task.payload])
        arbiter.start()
        yield result_of


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -(2**63),
        2**64 - 1,
        1.5,
        "",
        "ünï ✓ 𝄞 \t\n \u007f",
        [],
        {},
        {"a": [1, {"b": None}], "": ""},
        "x" * 200_000,
    ],
    ids=lambda value: repr(value)[:20],
)
def test_json_comes_back_as_it_was(result_of, value):
    done = result_of(value)
    assert (done.status, done.result) == ("completed", value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), "result: nan is not a JSON number"),
        ({"a": [float("inf")]}, "result.a[0]: inf is not a JSON number"),
        ({1, 2}, "result: a set is not JSON"),
        ({"deep": {"er": b"bytes"}}, "result.deep.er: a bytes is not JSON"),
        ({1: "one"}, "result: the key 1 is not a string"),
        ({Weird(): 1}, "result"),
        ([Weird()], "result[0]: a Weird is not JSON"),
        (2**70, "result: an integer of more than 64 bit"),
        ("lone \ud800", "result: a lone surrogate is not Unicode text"),
        ({"nul": "a\x00b"}, "result.nul: U+0000 cannot be stored in text"),
        ({"a\x00": 1}, "result.'a\\x00': U+0000 cannot be stored in text"),
        (DEEP, "result"),
        (CIRCLE, "result"),
        ("x" * 300_000, "result: 300,002 bytes of JSON are over the limit of 262,144"),
        (object, "result: a type is not JSON"),
    ],
    ids=lambda value: repr(type(value)),
)
def test_what_is_not_json_fails_the_attempt(result_of, value, said):
    parked = result_of(value)
    assert (parked.status, parked.error.type) == ("failed", "InvalidResult")
    assert parked.error.message.startswith(said)
    assert "\n" not in parked.error.message


def test_a_worker_goes_on_after_bad_results(arbiter):
    arbiter.agent("a", kinds="work", retry=ONCE)(lambda task: {task.payload})
    arbiter.agent("b", kinds="good", concurrency=1)(lambda task: task.payload)
    arbiter.start()
    bad = [arbiter.submit("work", n).task_id for n in range(30)]
    good = [arbiter.submit("good", n).task_id for n in range(30)]
    assert {arbiter.wait(task_id, 10).status for task_id in bad} == {"failed"}
    assert [arbiter.wait(task_id, 10).result for task_id in good] == list(range(30))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("nul \x00 inside", "nul \\x00 inside"),
        ("lone \ud800 surrogate", "lone \\ud800 surrogate"),
        ("two\nlines", "two\nlines"),
        ("ünï ✓", "ünï ✓"),
    ],
    ids=["nul", "surrogate", "lines", "unicode"],
)
def test_error_texts_are_kept_storable(arbiter, text, kept):
    def fails(task):
        raise ValueError(text)

    arbiter.agent("a", kinds="work", retry=ONCE)(fails)
    arbiter.start()
    assert arbiter.wait(arbiter.submit("work").task_id, 5).error.message == kept


def test_an_over_long_error_is_cut_and_says_so(arbiter):
    def fails(task):
        raise ValueError("x" * 10_000_000)

    arbiter.agent("a", kinds="work", retry=ONCE)(fails)
    arbiter.start()
    error = arbiter.wait(arbiter.submit("work").task_id, 5).error
    assert len(error.message) < 20_000
    assert error.message.endswith("more characters)")
    assert len(error.detail) < 20_000


@pytest.mark.parametrize(
    "value", ["x" * 300_000, float("nan"), {1: 1}, "\x00"], ids=["long", "nan", "key", "nul"]
)
def test_a_bad_checkpoint_is_refused_inside_the_handler(arbiter, value):
    def handler(task):
        task.checkpoint({"page": 1})
        try:
            task.checkpoint(value)
        except ArbiterError as no:
            return [no.code, str(no).split(":")[0]]

    arbiter.agent("a", kinds="work", retry=ONCE)(handler)
    arbiter.start()
    done = arbiter.wait(arbiter.submit("work").task_id, 5)
    assert (done.status, done.result) == ("completed", ["invalid_input", "checkpoint"])
    assert done.checkpoint == {"page": 1}


def test_a_bad_checkpoint_is_refused_in_a_coroutine_and_in_a_process(arbiter):
    async def handler(task):
        await task.checkpoint(b"no")

    arbiter.agent("a", kinds="here", retry=ONCE)(handler)
    arbiter.agent("b", kinds="there", retry=ONCE, isolation="process")(handlers.note_too_much)
    arbiter.start()
    here = arbiter.wait(arbiter.submit("here").task_id, 5)
    there = arbiter.wait(arbiter.submit("there").task_id, 10)
    assert here.error.message.startswith("checkpoint: a bytes is not JSON")
    assert "checkpoint: 300,002 bytes" in there.error.message
    assert there.error.type == "InvalidInput"


def test_progress_of_a_failed_attempt_reaches_the_next(arbiter):
    seen = []

    def handler(task):
        seen.append(task.last_checkpoint)
        task.checkpoint({"page": task.attempt})
        if task.attempt < 3:
            raise ValueError

    arbiter.agent("a", kinds="work", retry=RetryPolicy(initial=0.01))(handler)
    arbiter.start()
    done = arbiter.wait(arbiter.submit("work").task_id, 5)
    assert seen == [None, {"page": 1}, {"page": 2}]
    assert done.checkpoint == {"page": 3}


def test_many_checkpoints_and_reports_of_one_handler_come_in_order(arbiter):
    async def handler(task):
        for n in range(40):
            await task.checkpoint(n)
            await task.report_usage(tokens=n)

    arbiter.agent("a", kinds="work")(handler)
    arbiter.start()
    task_id = arbiter.submit("work").task_id
    assert arbiter.wait(task_id, 10).checkpoint == 39
    facts = [story.fact for story in arbiter.history(task_id)]
    used = [fact.tokens for fact in facts if fact.topic == "task.usage_reported"]
    assert used == list(range(40))


def test_checkpoints_at_once_from_one_handler_all_count(arbiter):
    """A handler may share its work among coroutines of its own."""

    async def handler(task):
        await asyncio.gather(*(task.checkpoint(n) for n in range(10)))

    arbiter.agent("a", kinds="work", retry=ONCE)(handler)
    arbiter.start()
    task_id = arbiter.submit("work").task_id
    done = arbiter.wait(task_id, 10)
    assert done.status == "completed", done.error
    assert [s.fact.topic for s in arbiter.history(task_id)].count("task.checkpointed") == 10


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (handlers.die, "ended by SIGKILL"),
        (handlers.leave, "ended with exit code 3"),
        (handlers.note, "page 1"),
        (handlers.return_nothing_json, "a set is not JSON"),
        (handlers.return_what_cannot_cross, "pickle"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_goes_wrong_in_a_process_is_told(arbiter, handler, said):
    arbiter.agent("a", kinds="work", retry=ONCE, isolation="process")(handler)
    arbiter.start()
    parked = arbiter.wait(arbiter.submit("work").task_id, 10)
    assert parked.status == "failed"
    assert said in parked.error.message
    assert parked.error.kind == "exception"


def test_a_process_gives_back_results_and_progress(arbiter):
    arbiter.agent("a", kinds="def", isolation="process")(handlers.echo)
    arbiter.agent("b", kinds="async", isolation="process")(handlers.aecho)
    arbiter.start()
    answers = [arbiter.submit(kind, {"n": 1}) for kind in ("def", "async")]
    plain, coroutine = (arbiter.wait(answer.task_id, 15) for answer in answers)
    assert plain.result["payload"] == {"n": 1}
    assert len({plain.result["pid"], coroutine.result, os.getpid()}) == 3
    assert coroutine.checkpoint == {"seen": {"n": 1}}


def test_a_handler_that_cannot_cross_into_a_process_says_so(arbiter):
    arbiter.agent("a", kinds="work", retry=ONCE, isolation="process")(lambda task: None)
    arbiter.start()
    parked = arbiter.wait(arbiter.submit("work").task_id, 10)
    assert "importable by name" in parked.error.message


class Waiter:
    async def __call__(self, task):
        return "called"


def test_an_object_with_an_async_call_is_a_coroutine_handler(arbiter):
    arbiter.agent("a", kinds="work", retry=ONCE)(Waiter())
    arbiter.start()
    done = arbiter.wait(arbiter.submit("work").task_id, 5)
    assert (done.status, done.result) == ("completed", "called")
