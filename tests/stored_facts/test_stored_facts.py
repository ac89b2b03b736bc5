"""What was once written stays readable, and what is written stays as it is."""

from __future__ import annotations

import json

import msgspec
import pytest

from arbiter.domain.facts import FACTS, Fact, UnknownTopic, decode, encode
from tests.stored_facts.references import REFERENCES, defaults, structs, topic_of
from tests.stored_facts.write import DEFAULTS, GOLDEN, golden


def stored(reference: str) -> bytes:
    return golden(reference).read_bytes().removesuffix(b"\n")


def written(value: msgspec.Struct) -> set[str]:
    return set(msgspec.json.decode(msgspec.json.encode(value)))


def test_every_topic_has_a_reference_and_every_reference_its_golden_bytes():
    assert {topic_of(reference) for reference in REFERENCES} == set(FACTS)
    assert {path.name for path in GOLDEN.iterdir()} == {golden(name).name for name in REFERENCES}


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_stored_fact_reads_as_what_happened(reference: str):
    assert decode(topic_of(reference), stored(reference)) == REFERENCES[reference]


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_fact_is_written_in_exactly_these_bytes(reference: str):
    assert REFERENCES[reference].topic == topic_of(reference)
    assert encode(REFERENCES[reference]) == stored(reference)


@pytest.mark.parametrize("topic", FACTS)
def test_no_field_of_a_fact_or_of_its_parts_is_left_at_its_default(topic: str):
    """Else its bytes would not show it, and nobody would see it renamed."""
    examples = [fact for name, fact in REFERENCES.items() if topic_of(name) == topic]
    shown: dict[type[msgspec.Struct], set[str]] = {}
    for value in (found for fact in examples for found in structs(fact)):
        shown[type(value)] = shown.get(type(value), set()) | written(value)
    hidden = {kind.__name__: {*kind.__struct_fields__} - names for kind, names in shown.items()}
    assert {name: fields for name, fields in hidden.items() if fields} == {}


@pytest.mark.parametrize("topic", FACTS)
def test_a_fact_without_its_optional_fields_is_readable(topic: str):
    example: Fact = REFERENCES[topic]
    needed = {field.encode_name for field in msgspec.structs.fields(example) if field.required}
    whole = msgspec.json.decode(encode(example))
    least = {name: value for name, value in whole.items() if name in needed}
    assert decode(topic, msgspec.json.encode(least)).stream_id == example.stream_id


def test_a_default_never_changes_because_facts_are_stored_without_it():
    assert json.loads(DEFAULTS.read_text()) == defaults()


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_field_of_a_newer_version_is_left_out(reference: str):
    newer = msgspec.json.decode(stored(reference)) | {"mood": {"of": ["the", "day"]}}
    again = decode(topic_of(reference), msgspec.json.encode(newer))
    assert again == REFERENCES[reference]


def test_a_topic_of_a_newer_version_is_refused_by_name():
    with pytest.raises(UnknownTopic, match=r"task\.sold"):
        decode("task.sold", stored("task.completed"))


def test_two_facts_cannot_share_a_topic():
    from arbiter.domain.facts.base import named

    with pytest.raises(ValueError, match=r"task\.completed"):
        named("task.completed")(Fact)


def test_bytes_that_are_no_fact_are_refused():
    with pytest.raises(msgspec.ValidationError, match="task_id"):
        decode("task.cancelled", b'{"version":1,"at":"2030-01-01T00:00:00Z"}')
