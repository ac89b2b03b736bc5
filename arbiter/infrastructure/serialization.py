"""Lets the event-sourcing kernel read and write our facts as they stand in the log."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import (
    JSONTranscoder,
    Mapper,
    MapperDeserialisationError,
    StoredEvent,
)

from arbiter.domain.facts import Fact, decode, encode


class FactMapper(Mapper[UUID]):
    """A fact becomes, under its topic, the same bytes as through every other door, and back.

    Any takes the place of the kernel's protocol for events: a fact names its stream and version otherwise.
    """

    def __init__(self) -> None:
        """Compress and encrypt nothing; the transcoder is never asked, because facts encode themselves."""
        super().__init__(JSONTranscoder())

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Return a fact as the row it will be."""
        fact: Fact = domain_event
        return StoredEvent(
            originator_id=fact.stream_id,
            originator_version=fact.version,
            topic=fact.topic,
            state=encode(fact),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Return the fact of a row.

        Raises UnknownTopic, and MapperDeserialisationError for a row that is damaged or out of its place.
        """
        place = (stored_event.originator_id, stored_event.originator_version)
        try:
            fact = decode(stored_event.topic, stored_event.state)
        except msgspec.DecodeError as damaged:
            raise MapperDeserialisationError(
                f"{stored_event.topic} at version {place[1]} of {place[0]} cannot be read: {damaged}"
            ) from damaged
        if (fact.stream_id, fact.version) != place:
            raise MapperDeserialisationError(
                f"{stored_event.topic} at version {place[1]} of {place[0]}"
                f" says that it is version {fact.version} of {fact.stream_id}"
            )
        return fact
