from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbiter.application.remote.answer import answer_bytes, read_answer
from arbiter.domain.errors import InvalidInput

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
    max_leaves=10,
)


@given(JSON)
def test_any_json_may_be_a_result(result):
    answer = read_answer(json.dumps({"result": result}).encode())
    assert (answer.result, answer.error) == (result, None)


def test_a_result_may_come_with_its_quality_and_what_was_used():
    body = b'{"result": 1, "quality": 0.75, "usage": {"tokens": 7, "cost": 0.5}}'
    answer = read_answer(body)
    assert (answer.quality, answer.usage) == (0.75, {"tokens": 7, "cost": 0.5})


def test_an_error_is_the_attempt_s_and_may_say_that_it_would_come_again():
    told = read_answer(b'{"error": {"type": "Busy", "message": "later", "detail": "line 7"}}')
    assert told.error is not None
    assert (told.error.kind, told.error.type, told.error.message, told.error.detail) == (
        "exception",
        "Busy",
        "later",
        "line 7",
    )
    final = read_answer(b'{"error": {"type": "Unsupported", "retry": false}}')
    assert final.error is not None
    assert final.error.kind == "refused"


def test_an_error_that_says_nothing_has_a_name():
    error = read_answer(b'{"error": {}}').error
    assert error is not None
    assert (error.kind, error.type) == ("exception", "AgentError")


def test_what_an_error_says_can_be_stored():
    body = json.dumps({"error": {"message": "a\0b" + "x" * 100_000}}).encode()
    error = read_answer(body).error
    assert error is not None
    assert "\0" not in error.message
    assert len(error.message) < 20_000


@given(st.binary())
def test_whatever_else_comes_is_refused_in_one_line(body):
    with pytest.raises(InvalidInput) as no:
        read_answer(body)
    assert no.value.field.startswith("answer")
    assert "\n" not in str(no.value)


def test_bytes_and_text_are_taken_as_they_are():
    assert answer_bytes(b'{"result": 1}') == answer_bytes('{"result": 1}') == b'{"result": 1}'


def test_what_json_cannot_hold_is_refused():
    with pytest.raises(InvalidInput, match="answer: not JSON"):
        answer_bytes({"result": {1, 2}})
