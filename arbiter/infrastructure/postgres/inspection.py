"""Looks at a database as an operator would: everything as of one moment, and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import msgspec
import psycopg
from psycopg import Connection, IsolationLevel

from arbiter.application.ready_row import ReadyRow
from arbiter.domain.facts import Fact, decode
from arbiter.infrastructure.postgres.connections import Row, speaking_plainly
from arbiter.infrastructure.postgres.sql import load

AT_A_TIME = 5_000
NOBODY = UUID(int=0)


class ServerFacts(msgspec.Struct, frozen=True):
    """What kind of server it is, and who we are on it."""

    version: str
    database: str
    role: str
    standby: bool
    fsync: bool
    full_page_writes: bool
    time: datetime


class RoleFacts(msgspec.Struct, frozen=True):
    """What our role could do to the log."""

    above: bool
    """It owns the tables or is a superuser: no grant limits it."""

    changes: bool
    """It was granted more than to read and append."""


class Inspection:
    """One snapshot of one schema; use it in a `with` statement."""

    def __init__(self, dsn: str, schema: str) -> None:
        """Connect at once. Raises Unavailable."""
        self._schema = schema
        with speaking_plainly():
            self._connection: Connection[Row] = psycopg.connect(
                dsn,
                autocommit=False,
                prepare_threshold=None,
                application_name="arbiter doctor",
                connect_timeout=10,
            )
        self._connection.isolation_level = IsolationLevel.REPEATABLE_READ
        self._connection.read_only = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def server(self) -> ServerFacts:
        """Tell about the server; works before any migration."""
        return ServerFacts(*self._rows("inspect_server")[0])

    def guards(self) -> dict[str, bool]:
        """Tell which tables of the log are guarded by their trigger."""
        return {row[0]: row[1] for row in self._rows("inspect_guards")}

    def role(self) -> RoleFacts:
        """Tell what our role could do to the log."""
        return RoleFacts(*self._rows("inspect_role")[0])

    def recent(self, how_many: int) -> Sequence[UUID]:
        """Return the streams that changed last, and the tasks that have been live for longest."""
        return [stream_id for (stream_id,) in self._rows("inspect_recent", how_many=how_many)]

    def streams_of(self, ids: Sequence[UUID]) -> Iterator[tuple[UUID, Sequence[Fact]]]:
        """Return the facts of some streams, in the order of the ids."""
        rows = self._rows("select_streams", ids=list(ids))
        for stream_id, facts in groupby(rows, key=lambda row: row[0]):
            yield stream_id, [decode(topic, state) for _, topic, state, _ in facts]

    def rows_of(self, ids: Sequence[UUID]) -> Iterator[ReadyRow]:
        """Return the ready rows of some tasks, in the order of the ids."""
        for row in self._rows("inspect_rows_of", ids=list(ids)):
            yield _ready_row(row)

    def streams(self) -> Iterator[tuple[UUID, Sequence[Fact]]]:
        """Return all facts, stream by stream, in the order of the ids."""
        for stream_id, facts in groupby(self._facts(), key=lambda row: row[0]):
            yield stream_id, [decode(topic, state) for _, _, topic, state in facts]

    def ready_rows(self) -> Iterator[ReadyRow]:
        """Return all ready rows, in the order of the ids."""
        after: UUID | None = None
        while page := self._rows("inspect_ready_rows", after=after, how_many=AT_A_TIME):
            for row in page:
                yield _ready_row(row)
            after = page[-1][0]

    def _facts(self) -> Iterator[Row]:
        after, version = NOBODY, 0
        while page := self._rows("inspect_facts", after=after, version=version, how_many=AT_A_TIME):
            yield from page
            after, version = page[-1][:2]

    def _rows(self, name: str, **params: Any) -> list[Row]:
        with speaking_plainly():
            cursor = self._connection.execute(load(name, self._schema), params, binary=True)
            return cursor.fetchall()


def _ready_row(row: Row) -> ReadyRow:
    values = dict(zip(ReadyRow.__struct_fields__, row, strict=True))
    return ReadyRow(**{**values, "needs": tuple(values["needs"])})
