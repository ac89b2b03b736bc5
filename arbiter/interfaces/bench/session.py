"""One connection for the few statements of a benchmark's own, which lie beside it in queries/."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from importlib.resources import files
from typing import Any

from arbiter.infrastructure.postgres.connections import Connections, Row, speaking_plainly
from arbiter.infrastructure.postgres.sql import in_schema, quoted

QUERIES = files("arbiter.interfaces.bench") / "queries"


class Session:
    """Runs statements on one schema, each in a transaction of its own."""

    def __init__(self, connection: Any, schema: str) -> None:
        """The connection is open."""
        self._connection, self._schema = connection, schema

    async def rows(self, name: str, values: Mapping[str, Any] | None = None) -> list[Row]:
        """Run a statement and return its rows."""
        cursor = await self._execute(name, values)
        found: list[Row] = await cursor.fetchall()
        return found

    async def row(self, name: str, values: Mapping[str, Any] | None = None) -> Row:
        """Run a statement that answers with one row."""
        return (await self.rows(name, values))[0]

    async def run(self, name: str, values: Mapping[str, Any] | None = None) -> None:
        """Run a statement that answers nothing."""
        await self._execute(name, values)

    async def drop_schema(self) -> None:
        """Take the schema away with everything in it."""
        await self._connection.execute(f"DROP SCHEMA IF EXISTS {quoted(self._schema)} CASCADE")

    async def _execute(self, name: str, values: Mapping[str, Any] | None) -> Any:
        with speaking_plainly():
            return await self._connection.execute(
                _statement(name, self._schema), values, binary=True
            )


@asynccontextmanager
async def session(dsn: str, schema: str) -> AsyncIterator[Session]:
    """Lend a connection as Arbiter's own are; raises Unavailable."""
    connection = await Connections(dsn, schema).open()
    try:
        yield Session(connection, schema)
    finally:
        await connection.close()


@cache
def _statement(name: str, schema: str) -> bytes:
    return in_schema((QUERIES / f"{name}.sql").read_bytes(), schema)
