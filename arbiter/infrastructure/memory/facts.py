"""The log in memory: every fact as the bytes it would be on disk, in commit order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from uuid import UUID

import msgspec

from arbiter.application.ports import Recorded
from arbiter.domain.errors import Conflict
from arbiter.domain.facts import Fact, decode, encode


class StoredFact(msgspec.Struct, frozen=True, gc=False):
    """One row of the log."""

    position: int
    version: int
    topic: str
    state: bytes

    def read(self) -> Recorded:
        """Decode it, as a reader of the table would."""
        return Recorded(decode(self.topic, self.state), self.position)


class Facts:
    """Append-only; (stream, version) is the primary key."""

    def __init__(self) -> None:
        self._streams: dict[UUID, tuple[StoredFact, ...]] = {}
        self._order: list[StoredFact] = []

    @property
    def last_position(self) -> int:
        """The position of the last fact; 0 for an empty log."""
        return len(self._order)

    def refuse_taken(self, facts: Sequence[Fact]) -> None:
        """Raise Conflict if any of these places is taken, in the log or among themselves."""
        places = set()
        for fact in facts:
            stream_id, version = fact.stream_id, fact.version
            taken = any(stored.version == version for stored in self._streams.get(stream_id, ()))
            if taken or (stream_id, version) in places:
                raise Conflict(stream_id, version - 1)
            places.add((stream_id, version))

    def add(self, facts: Sequence[Fact]) -> int:
        """Write all of them or none; return the position reached."""
        self.refuse_taken(facts)
        for fact, state in [(fact, encode(fact)) for fact in facts]:
            stored = StoredFact(len(self._order) + 1, fact.version, fact.topic, state)
            self._order.append(stored)
            stream_id = fact.stream_id
            self._streams[stream_id] = (*self._streams.get(stream_id, ()), stored)
        return len(self._order)

    def of(self, stream_id: UUID) -> Sequence[Recorded]:
        """Read one stream in the order of its versions."""
        stream = self._streams.get(stream_id, ())
        return [stored.read() for stored in sorted(stream, key=lambda fact: fact.version)]

    def first(self, stream_id: UUID) -> Fact:
        """Read the fact a stream begins with."""
        return self._streams[stream_id][0].read().fact

    def behind(self, position: int, limit: int) -> Sequence[Recorded]:
        """Read the next facts behind a position."""
        return [stored.read() for stored in islice(self._order, position, position + limit)]
