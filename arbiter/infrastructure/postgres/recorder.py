"""The event-sourcing kernel over our log: it reads our table, and writes through our one statement.

For what is off the hot path: `doctor`, and aggregates that are no tasks. A task's facts need their ready
row in the same commit, so that tasks are written by the committer and the lanes alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    EventStore,
    IntegrityError,
    InterfaceError,
    OperationalError,
    PersistenceError,
    ProgrammingError,
    StoredEvent,
)
from eventsourcing.postgres import ConnectionPool, PostgresApplicationRecorder, PostgresDatastore
from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import PoolTimeout

from arbiter.domain.facts import TaskFact
from arbiter.domain.task import Task, evolve
from arbiter.infrastructure.postgres import arrays
from arbiter.infrastructure.postgres.connections import is_lost
from arbiter.infrastructure.postgres.sql import load
from arbiter.infrastructure.serialization import FactMapper

TRIES = 3
"""Appends whose replies may get lost before we give up."""

CONNECTIONS = 2


class FactDatastore(PostgresDatastore):
    """The kernel's connections, opened by our connection string; no environment variable is read."""

    def __init__(self, dsn: str, schema: str) -> None:
        """Open nothing yet."""
        super().__init__(
            dbname="",
            host="",
            port="",
            user="",
            password="",
            schema=schema,
            enable_db_functions=False,
        )
        self.schema = schema  # as it is: the kernel strips its own
        self.pool = ConnectionPool(
            dsn,
            connection_class=Connection[DictRow],
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "prepare_threshold": None,  # a pooler may stand between
                "application_name": "arbiter",
                "connect_timeout": 10,
            },
            min_size=0,
            max_size=CONNECTIONS,
            open=False,
            configure=arrays.register,
            check=ConnectionPool.check_connection,
            timeout=15,
        )

    def register_type_adapters(self) -> None:
        """Ask for no composite types: we send plain arrays."""


class ArbiterRecorder(PostgresApplicationRecorder):
    """Appends in the order of the log, like every other writer; creates no tables, calls no functions."""

    def __init__(self, datastore: FactDatastore) -> None:
        """Learn under which name appends are announced."""
        super().__init__(datastore, events_table_name="facts")
        with datastore.cursor() as cursor:
            [row] = cursor.execute(load("channel", datastore.schema)).fetchall()
        self.channel_name = row["channel"]

    def create_table(self) -> None:
        """Create nothing: the schema is made by migrations alone."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Append events, all or none; return their positions.

        The kernel tries again when a connection is lost, and takes its own first success for a conflict.
        Here a conflict after a lost reply is looked at: if our bytes stand at our places, it was we.
        Raises IntegrityError when a place is taken, OperationalError when the database stays away.
        """
        if any(value is not None for value in kwargs.values()):
            raise ProgrammingError(f"the log takes events and nothing else, not {sorted(kwargs)}")
        lost: PersistenceError | None = None
        for _ in range(TRIES if stored_events else 0):
            try:
                return self._append(stored_events)
            except IntegrityError:
                if lost is None or (positions := self._written(stored_events)) is None:
                    raise
                return positions
            except (InterfaceError, OperationalError) as error:
                if not _is_in_doubt(error):
                    raise
                lost = error
        if lost is not None:
            raise lost
        return []

    def _append(self, events: Sequence[StoredEvent]) -> Sequence[int]:
        columns = {
            "ids": arrays.uuids([_uuid(event) for event in events]),
            "versions": arrays.integers([event.originator_version for event in events]),
            "topics": arrays.texts([event.topic for event in events]),
            "states": arrays.blobs([event.state for event in events]),
        }
        statement = load("append_facts", self.datastore.schema)
        with self.datastore.cursor() as cursor:
            cursor.execute(statement, {**columns, "channel": self.channel_name, "words": ["log"]})
            return [row["notification_id"] for row in cursor.fetchall()]

    def _written(self, events: Sequence[StoredEvent]) -> Sequence[int] | None:
        """Return the positions of these very bytes, if all of them stand in the log."""
        places = {
            "ids": arrays.uuids([_uuid(event) for event in events]),
            "versions": arrays.integers([event.originator_version for event in events]),
        }
        with self.datastore.cursor() as cursor:
            cursor.execute(load("stored_facts", self.datastore.schema), places)
            found = {
                (row["originator_id"], row["originator_version"]): row for row in cursor.fetchall()
            }
        stands = [found.get((event.originator_id, event.originator_version)) for event in events]
        positions = [
            row["notification_id"]
            for row, event in zip(stands, events, strict=True)
            if row is not None and bytes(row["state"]) == event.state
        ]
        return positions if len(positions) == len(events) else None


def event_store(dsn: str, schema: str) -> EventStore[UUID]:
    """Return the kernel's store of our facts; `recorder.datastore` is to be closed in the end."""
    return EventStore(FactMapper(), ArbiterRecorder(FactDatastore(dsn, schema)))


def remembered(task: Task | None, facts: Iterable[TaskFact]) -> Task | None:
    """Tell a task to the kernel: `Repository(event_store(…)).get(task_id, projector_func=remembered)`."""
    for happened in facts:
        task = evolve(task, happened)
    return task


def _uuid(event: StoredEvent) -> UUID:
    if not isinstance(event.originator_id, UUID):
        raise ProgrammingError(f"streams are named by UUIDs, not by {event.originator_id!r}")
    return event.originator_id


def _is_in_doubt(error: PersistenceError) -> bool:
    """Tell whether it may have been written; not if no connection was had, or the server refused."""
    cause = error.__cause__
    return (
        isinstance(cause, psycopg.Error) and is_lost(cause) and not isinstance(cause, PoolTimeout)
    )
