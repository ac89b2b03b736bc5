from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbiter.application.remote.signature import TOLERANCE_SECONDS, sign, verify
from arbiter.domain.errors import BadSignature

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
ATTEMPT = UUID("01900000-0000-7000-8000-000000000001")
OTHER = UUID("01900000-0000-7000-8000-000000000002")
BODY = b'{"result": "fine"}'


def test_a_signature_is_what_the_documentation_says_so_that_anybody_can_make_it():
    signed = f"{int(NOON.timestamp())}.{ATTEMPT}.".encode() + BODY
    expected = hmac.new(b"secret", signed, hashlib.sha256).hexdigest()
    assert sign("secret", ATTEMPT, BODY, at=NOON) == f"t={int(NOON.timestamp())},v1={expected}"


@given(secret=st.text(min_size=1), body=st.binary(), at=st.datetimes(timezones=st.just(UTC)))
def test_what_was_signed_verifies(secret, body, at):
    if at.timestamp() < 0:
        at = NOON
    verify(secret, ATTEMPT, body, sign(secret, ATTEMPT, body, at=at), at=at)


@pytest.mark.parametrize(
    ("secret", "attempt", "body"),
    [("other", ATTEMPT, BODY), ("secret", OTHER, BODY), ("secret", ATTEMPT, BODY + b" ")],
)
def test_another_secret_attempt_or_body_does_not_fit(secret, attempt, body):
    signature = sign("secret", ATTEMPT, BODY, at=NOON)
    with pytest.raises(BadSignature, match="does not fit"):
        verify(secret, attempt, body, signature, at=NOON)


@pytest.mark.parametrize("days", [-1, 1])
def test_a_signature_of_another_day_is_refused(days):
    signature = sign("secret", ATTEMPT, BODY, at=NOON)
    with pytest.raises(BadSignature, match="more than 300 s from now"):
        verify("secret", ATTEMPT, BODY, signature, at=NOON + timedelta(days=days))


def test_clocks_may_differ_a_little():
    signature = sign("secret", ATTEMPT, BODY, at=NOON)
    for seconds in (-TOLERANCE_SECONDS, TOLERANCE_SECONDS):
        verify("secret", ATTEMPT, BODY, signature, at=NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize("signature", [None, ""])
def test_a_missing_signature_is_refused(signature):
    with pytest.raises(BadSignature, match="is missing"):
        verify("secret", ATTEMPT, BODY, signature, at=NOON)


@given(st.text())
def test_any_other_text_is_refused_in_one_line(signature):
    with pytest.raises(BadSignature) as no:
        verify("secret", ATTEMPT, BODY, signature, at=NOON)
    assert "\n" not in str(no.value)


def test_a_mapping_is_signed_as_the_bytes_that_are_sent():
    told = {"result": [1, 2], "quality": 0.5}
    by_hand = sign("secret", ATTEMPT, b'{"quality":0.5,"result":[1,2]}', at=NOON)
    assert sign("secret", ATTEMPT, told, at=NOON) == by_hand
