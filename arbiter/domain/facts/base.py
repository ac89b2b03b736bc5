"""What all facts share: a name on disk, a stream, a version, a moment; and how they become bytes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, TypeVar
from uuid import UUID

import msgspec

F = TypeVar("F", bound="type[Fact]")


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Something that happened, in the past tense, never changed afterwards."""

    topic: ClassVar[str]
    """Its name on disk: chosen once, never changed."""

    version: int
    at: datetime

    @property
    def stream_id(self) -> UUID:
        """The stream this fact belongs to."""
        raise NotImplementedError


FACTS: dict[str, type[Fact]] = {}
"""Every topic this version can read."""

_decoders: dict[str, msgspec.json.Decoder[Fact]] = {}
_encoder = msgspec.json.Encoder()


class UnknownTopic(LookupError):
    """The log holds a fact written by a newer version of Arbiter."""


def named(topic: str) -> Callable[[F], F]:
    """Give a fact its name on disk."""

    def register(happening: F) -> F:
        if topic in FACTS:
            raise ValueError(f"two facts are named {topic}")
        happening.topic = topic
        FACTS[topic] = happening
        _decoders[topic] = msgspec.json.Decoder(happening)
        return happening

    return register


def encode(fact: Fact) -> bytes:
    """Write a fact as JSON, its stream and version included."""
    return _encoder.encode(fact)


def decode(topic: str, state: bytes) -> Fact:
    """Read a fact; fields this version does not know are left out, unknown topics refused."""
    decoder = _decoders.get(topic)
    if decoder is None:
        raise UnknownTopic(topic)
    return decoder.decode(state)
