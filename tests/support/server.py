"""A look at the server from outside of Arbiter: locks that others hold, backends that wait."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tests.support.waiting import eventually

Connection = AsyncConnection[Any]


@asynccontextmanager
async def connected(dsn: str, **options: Any) -> AsyncIterator[Connection]:
    """Lend a connection that knows nothing of Arbiter."""
    connection = await AsyncConnection.connect(dsn, **({"autocommit": True} | options))
    try:
        yield connection
    finally:
        await connection.close()


async def asked(dsn: str, sql: str, params: Any = None) -> list[Any]:
    """Return the rows of one query."""
    async with connected(dsn) as connection:
        cursor = await connection.execute(sql, params)
        return await cursor.fetchall() if cursor.description is not None else []


@asynccontextmanager
async def holding(dsn: str, sql: str, params: Any = None) -> AsyncIterator[Connection]:
    """Hold what a statement locks, until the end of the block."""
    async with connected(dsn) as connection, connection.transaction():
        await connection.execute(sql, params)
        yield connection


def holding_the_log(dsn: str, schema: str = "arbiter") -> Any:
    """Keep every append waiting, until the end of the block."""
    return holding(dsn, f'SELECT "{schema}".enter_log()')


async def waiting_backends(dsn: str) -> int:
    """How many backends of this database wait for a lock."""
    [[waiting]] = await asked(
        dsn,
        """SELECT count(*) FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock'""",
    )
    return waiting


async def somebody_waits(dsn: str, how_many: int = 1) -> None:
    """Return when so many backends wait for locks."""

    async def look() -> bool:
        return await waiting_backends(dsn) >= how_many

    await eventually(look)


async def deadlocks(dsn: str) -> int:
    """How many deadlocks this database has seen."""
    query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    [[counted]] = await asked(dsn, query)
    return counted


async def versions_of(dsn: str, stream_id: UUID) -> list[int]:
    """The versions that stand in the log of one stream, each as often as it stands there."""
    rows = await asked(
        dsn,
        "SELECT originator_version FROM arbiter.facts WHERE originator_id = %s ORDER BY 1",
        (stream_id,),
    )
    return [version for (version,) in rows]
