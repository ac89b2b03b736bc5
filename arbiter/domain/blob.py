"""Opaque JSON: what a task carries in, out, and along; Arbiter stores it and never looks inside."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec


class Blob(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """JSON bytes with the name of their encoding, so that encryption needs no new topic."""

    body: msgspec.Raw
    encoding: str = "plain"

    @property
    def size(self) -> int:
        """Bytes of the stored JSON."""
        return len(memoryview(self.body))

    def json(self) -> bytes:
        """Return the stored JSON, byte for byte."""
        return bytes(self.body)

    def value(self) -> Any:
        """Return what the JSON says, as Python values."""
        return msgspec.json.decode(self.body)


def blob_of(json: bytes) -> Blob:
    """Wrap JSON bytes that a door has already checked."""
    return Blob(body=msgspec.Raw(json))


NULL = blob_of(b"null")


def digest_of(kind: str, payload: Blob, requirements: dict[str, tuple[str, ...]]) -> str:
    """Identify exactly what a task would do: SHA-256 over kind, canonical payload, requirements."""
    needs = {name: sorted(values) for name, values in requirements.items()}
    work = [kind, msgspec.json.decode(payload.body), needs]
    return sha256(msgspec.json.encode(work, order="sorted")).hexdigest()
