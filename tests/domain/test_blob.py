from __future__ import annotations

import msgspec
import pytest

from arbiter.domain.blob import NULL, Blob, blob_of, digest_of
from arbiter.domain.facts import decode, encode
from arbiter.testing.builders import a_task

SPACED = b'{ "b": [1, 2.50],\n "a": "\\u00e9" }'


def test_json_is_kept_byte_for_byte():
    assert blob_of(SPACED).json() == SPACED
    assert blob_of(SPACED).size == len(SPACED)


def test_json_is_kept_byte_for_byte_inside_a_fact():
    (submitted,) = a_task(payload=blob_of(SPACED)).facts
    assert decode(submitted.topic, encode(submitted)).payload.json() == SPACED


def test_a_blob_tells_what_its_json_says():
    assert blob_of(SPACED).value() == {"a": "é", "b": [1, 2.5]}
    assert NULL.value() is None


def test_an_encoding_is_stored_only_where_it_is_not_plain():
    assert msgspec.json.encode(blob_of(b"1")) == b'{"body":1}'
    sealed = Blob(body=msgspec.Raw(b'"c2VhbGVk"'), encoding="sealed")
    assert msgspec.json.encode(sealed) == b'{"body":"c2VhbGVk","encoding":"sealed"}'


@pytest.mark.parametrize("same", [b'{"a":"\xc3\xa9","b":[1,2.5]}', b'{"b":[1,2.5],"a":"\xc3\xa9"}'])
def test_the_digest_does_not_depend_on_how_the_payload_is_written(same):
    assert digest_of("review", blob_of(SPACED), {}) == digest_of("review", blob_of(same), {})


def test_the_digest_does_not_depend_on_the_order_of_requirements():
    one = {"languages": ("python", "sql"), "tools": ("ruff",)}
    other = {"tools": ("ruff",), "languages": ("sql", "python")}
    assert digest_of("review", NULL, one) == digest_of("review", NULL, other)


@pytest.mark.parametrize(
    ("kind", "payload", "requirements"),
    [
        ("revise", b"[1]", {"languages": ("python",)}),
        ("review", b"[2]", {"languages": ("python",)}),
        ("review", b"[1]", {"languages": ("sql",)}),
        ("review", b"[1]", {"tools": ("python",)}),
        ("review", b"[1]", {}),
        ("review", b'["1"]', {"languages": ("python",)}),
        ("review", b"[true]", {"languages": ("python",)}),
    ],
)
def test_other_work_has_another_digest(kind, payload, requirements):
    digest = digest_of("review", blob_of(b"[1]"), {"languages": ("python",)})
    assert digest_of(kind, blob_of(payload), requirements) != digest


def test_the_digest_stays_the_same_from_version_to_version():
    digest = digest_of("review", blob_of(b'{"diff":"+1"}'), {"languages": ("python",)})
    assert digest == "c32a6a081a48e2febc5081d22a250432783584e51802e212d3f0dcd4f8813838"
