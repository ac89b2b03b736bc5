"""What a person types is read exactly, or refused with what would be right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from arbiter.domain.errors import InvalidInput
from arbiter.interfaces.cli.reading import from_json, moment, named_values, payload, seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90", 90),
        ("1.5", 1.5),
        ("90s", 90),
        ("10m", 600),
        ("1h30m", 5400),
        ("2d", 172_800),
        ("250ms", 0.25),
    ],
)
def test_a_span_of_time_is_seconds_or_has_units(text, expected):
    assert seconds(text, "--timeout") == expected


@pytest.mark.parametrize(
    "text", ["", "soon", "-5", "10 m", "1h 30m", "m10", "1e3", "9" * 30 + "w", "nan"]
)
def test_what_is_no_span_is_refused(text):
    with pytest.raises(InvalidInput, match=r"--timeout: .*no span of time; write it like"):
        seconds(text, "--timeout")


def test_a_moment_is_iso_8601_or_a_span_from_now():
    assert moment("2030-01-31T08:00:00+02:00", "x") == datetime(2030, 1, 31, 6, tzinfo=UTC)
    before = datetime.now(UTC)
    assert before <= moment("+10m", "x") - timedelta(minutes=10) <= datetime.now(UTC)
    assert before <= moment("2h", "x", ago=True) + timedelta(hours=2) <= datetime.now(UTC)


def test_a_moment_without_a_zone_is_this_machine_s():
    assert moment("2030-01-31 08:00", "x") == datetime(2030, 1, 31, 8).astimezone(UTC)


@pytest.mark.parametrize("text", ["", "tomorrow", "2030-13-01", "10m", "+soon", "+999999w"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(InvalidInput, match=r"--not-before: "):
        moment(text, "--not-before")


def test_json_is_read_without_loss():
    big = 2**64
    assert from_json(f'{{"big": {big}, "half": 0.5}}', "payload") == {"big": big, "half": 0.5}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON: expecting property name enclosed in double quotes at line 1 column 2"),
        ("hello", "not JSON: expecting value at line 1 column 1"),
        ('{"a": 1, "a": 2}', "not JSON to us: the key 'a' stands twice in one object"),
        ("[" * 100_000, "not JSON to us: nested too deep"),
        (b'"\xff"', "not UTF-8 at byte 1"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(text, reason):
    with pytest.raises(InvalidInput) as refused:
        from_json(text, "payload")
    assert refused.value.reason == reason


def test_an_integer_of_thousands_of_digits_is_refused():
    with pytest.raises(InvalidInput, match="payload: not JSON to us: "):
        from_json("9" * 5000, "payload")


def test_a_payload_may_be_in_a_file(tmp_path):
    (tmp_path / "work.json").write_text('{"to": "Ada"}')
    assert payload(f"@{tmp_path / 'work.json'}") == {"to": "Ada"}
    assert payload(None) is None
    with pytest.raises(InvalidInput, match=r"payload: .*nothing.json cannot be read: No such file"):
        payload(f"@{tmp_path / 'nothing.json'}")


def test_named_values_may_repeat_a_name():
    assert named_values(["languages=python", "languages=go", "gpu=a=b"], "--requires") == {
        "languages": ("python", "go"),
        "gpu": ("a=b",),
    }


@pytest.mark.parametrize("word", ["python", "=python", "languages="])
def test_a_word_that_names_no_value_is_refused(word):
    with pytest.raises(InvalidInput, match=r"--requires: .* is not name=value"):
        named_values([word], "--requires")
