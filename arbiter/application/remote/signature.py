"""How both sides prove that bytes are theirs: HMAC-SHA256 over the time, the attempt and the bytes.

    Arbiter-Signature: t=1735732800,v1=<hex of HMAC-SHA256(secret, "1735732800.<attempt id>." + body)>

The attempt stands in what is signed, so that a signature fits no other attempt; the time, so that it
fits no other day.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from arbiter.application.remote.answer import answer_bytes
from arbiter.domain.errors import BadSignature

HEADER = "Arbiter-Signature"
TOLERANCE_SECONDS = 300
_FORM = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


def sign(
    secret: str, attempt_id: UUID | str, body: bytes | str | Mapping[str, Any], *, at: datetime
) -> str:
    """Return the signature of a body, to be sent along with it."""
    told = int(at.timestamp())
    return f"t={told},v1={_digest(secret, told, attempt_id, answer_bytes(body))}"


def verify(
    secret: str, attempt_id: UUID | str, body: bytes, signature: str | None, *, at: datetime
) -> None:
    """Return if a signature fits. Raises BadSignature, which says whether form, time or secret is wrong."""
    found = _FORM.fullmatch(signature or "")
    if found is None:
        raise BadSignature("is missing" if not signature else "has not the form t=…,v1=…")
    told = int(found[1])
    if abs(at.timestamp() - told) > TOLERANCE_SECONDS:
        raise BadSignature(f"was made more than {TOLERANCE_SECONDS} s from now")
    if not hmac.compare_digest(_digest(secret, told, attempt_id, body), found[2]):
        raise BadSignature("does not fit the body, the attempt and the agent's secret")


def _digest(secret: str, told: int, attempt_id: UUID | str, body: bytes) -> str:
    signed = f"{told}.{attempt_id}.".encode() + body
    return hmac.digest(secret.encode(), signed, "sha256").hex()
