"""How Arbiter talks to its database: connections alike in every setting, errors in our own words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool

from arbiter.domain.errors import InvalidInput, Unavailable
from arbiter.infrastructure.postgres import arrays
from arbiter.infrastructure.postgres.sql import statement

Row = tuple[Any, ...]

PLANNED_ONCE = (
    "SELECT set_config('plan_cache_mode', 'force_generic_plan', false),"
    " set_config('jit', 'off', false), set_config('enable_seqscan', 'off', false)"
)
"""Our statements are planned once per connection: planning the big ones costs more than running them.

What was planned on an empty table would read it from end to end when it is full.
"""

NOTICES_A_SILENT_PEER: dict[str, Any] = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 5,
    "tcp_user_timeout": 15_000,
}
"""A server that has vanished is noticed within 15 seconds, not hours; the connection string may differ."""

NOBODYS_FAULT = (psycopg.OperationalError, psycopg.errors.IdleInTransactionSessionTimeout)


class Connections:
    """Opens connections to one schema of one database."""

    def __init__(self, dsn: str, schema: str, *, pooled: bool = False) -> None:
        """`pooled` says that a transaction pooler stands between: nothing may outlive a statement."""
        self.dsn = make_conninfo(**(NOTICES_A_SILENT_PEER | conninfo_to_dict(dsn)))
        self.schema, self.pooled = schema, pooled

    async def open(self) -> AsyncConnection[Row]:
        """Open one connection, in autocommit mode.

        Raises Unavailable with the driver's reason in one line.
        """
        with speaking_plainly():
            connection = await AsyncConnection.connect(
                self.dsn,
                autocommit=True,
                prepare_threshold=None if self.pooled else 0,
                application_name="arbiter",
                connect_timeout=10,
            )
            await self._prepare(connection)
        return connection

    async def _prepare(self, connection: AsyncConnection[Row]) -> None:
        arrays.register(connection)
        connection.prepared_max = 1000
        if not self.pooled:
            await connection.execute(PLANNED_ONCE)

    def pool(self, size: int) -> AsyncConnectionPool[AsyncConnection[Row]]:
        """Prepare a pool of connections for reading; it opens none before it is asked to."""
        return AsyncConnectionPool(
            self.dsn,
            min_size=1,
            max_size=size,
            open=False,
            configure=self._prepare,
            check=_must_be_open,
            timeout=15,
            kwargs={
                "autocommit": True,
                "prepare_threshold": None if self.pooled else 0,
                "application_name": "arbiter",
            },
        )

    async def execute(
        self, connection: AsyncConnection[Row], name: str, params: Mapping[str, Any] | None = None
    ) -> AsyncRawCursor[Row]:
        """Run a statement of ours, in this schema, on one of these connections."""
        ours = statement(name, self.schema)
        cursor = AsyncRawCursor(connection)
        return await cursor.execute(ours.text, ours.values(params or {}), binary=True)


class Statements:
    """Our statements, one after the other on one connection."""

    def __init__(self, connections: Connections, connection: AsyncConnection[Row]) -> None:
        """The connection is in a transaction, or each statement is one."""
        self._connections, self._connection = connections, connection

    async def run(self, name: str, params: Mapping[str, Any] | None = None) -> AsyncRawCursor[Row]:
        """Run a statement; its rows are to be fetched."""
        return await self._connections.execute(self._connection, name, params)


class Reader:
    """Runs reading statements on pooled connections."""

    def __init__(self, connections: Connections, size: int = 4) -> None:
        """Open nothing yet."""
        self._connections = connections
        self._pool = connections.pool(size)

    async def open(self) -> None:
        """Open the pool."""
        with speaking_plainly():
            await self._pool.open(wait=True, timeout=15)

    async def close(self) -> None:
        """Close the pool."""
        await self._pool.close()

    async def rows(self, name: str, params: Mapping[str, Any] | None = None) -> list[Row]:
        """Run a statement of ours and return its rows."""
        async with self.connection() as connection:
            cursor = await self._connections.execute(connection, name, params)
            return await cursor.fetchall()

    async def row(self, name: str, params: Mapping[str, Any] | None = None) -> Row | None:
        """Run a statement of ours and return its first row."""
        found = await self.rows(name, params)
        return found[0] if found else None

    async def run(self, name: str, params: Mapping[str, Any] | None = None) -> int:
        """Run a statement of ours and return how many rows it touched."""
        async with self.connection() as connection:
            cursor = await self._connections.execute(connection, name, params)
            return cursor.rowcount

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Statements]:
        """Run several statements in one transaction."""
        async with self.connection() as connection, connection.transaction():
            yield Statements(self._connections, connection)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection[Row]]:
        """Lend a connection."""
        with speaking_plainly():
            async with self._pool.connection() as connection:
                yield connection


class speaking_plainly:  # noqa: N801 - reads as a phrase where it is used
    """Turn the driver's errors of connections, and of waits that took too long, into Unavailable."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Translate what nobody's data is to blame for, in one line; let everything else pass."""
        if isinstance(error, NOBODYS_FAULT):
            raise Unavailable(f"database: {first_line(error)}") from error


def is_open(connection: AsyncConnection[Row]) -> bool:
    """Tell whether a resting connection still stands; a server that closed it is noticed without asking."""
    if connection.closed:
        return False
    try:
        connection.pgconn.consume_input()
    except psycopg.OperationalError:
        return False
    return not connection.closed


async def _must_be_open(connection: AsyncConnection[Row]) -> None:
    if not is_open(connection):
        raise psycopg.OperationalError("the server has closed this connection")


def is_lost(error: psycopg.Error) -> bool:
    """Tell whether it is open what became of a statement, or whether it may well succeed next time.

    No code: the connection broke. 08: it broke on the server's side. 57P: the server is going down, or
    coming up. 40: the transaction lost a deadlock or a race, and was undone.
    """
    return isinstance(error, psycopg.OperationalError) and (
        error.sqlstate is None or error.sqlstate.startswith(("08", "57P", "40"))
    )


def readable(dsn: str) -> str:
    """Return a connection string that can be read. Raises InvalidInput, which repeats nothing of it.

    The driver's own refusal quotes the string, and with it a password.
    """
    try:
        conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise InvalidInput(
            "database_url",
            "cannot be read as a connection string",
            "write postgresql://user@host:5432/database, or host=… dbname=… user=…",
        ) from None
    return dsn


def first_line(error: BaseException) -> str:
    """Return what an error says, in one line."""
    said = str(error).strip()
    return said.splitlines()[0] if said else type(error).__name__
