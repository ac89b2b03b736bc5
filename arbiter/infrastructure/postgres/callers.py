"""A connection that is a caller's own: used as it is, whatever was set on it, and in its transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import AsyncConnection, AsyncCursor, Connection, Cursor
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from arbiter.domain.errors import InvalidInput
from arbiter.infrastructure.postgres.connections import Row

ADVICE = "open one around it: with connection.transaction(): … submit(…, connection=connection)"


def must_be_in_a_transaction(connection: Any) -> None:
    """Refuse a connection on which a submission would commit by itself, or belong to nothing."""
    if not isinstance(connection, Connection | AsyncConnection):
        raise InvalidInput("connection", f"{connection!r} is not a psycopg connection", ADVICE)
    match connection.info.transaction_status:
        case TransactionStatus.IDLE if connection.autocommit:
            raise InvalidInput(
                "connection", "it is in autocommit mode, outside any transaction", ADVICE
            )
        case TransactionStatus.INERROR:
            raise InvalidInput("connection", "its transaction has failed", "roll it back first")
        case TransactionStatus.UNKNOWN:
            raise InvalidInput("connection", "it is closed", "open another one")


def rows(connection: Any, statement: bytes, params: Mapping[str, Any]) -> list[Row]:
    """Run a statement of ours; the caller's own kind of cursor and of rows does not matter."""
    if not isinstance(connection, Connection):
        raise InvalidInput(
            "connection",
            "it is for asyncio",
            "await arbiter.aio's submit, or use another connection",
        )
    with Cursor(connection, row_factory=tuple_row) as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else []


async def arows(connection: Any, statement: bytes, params: Mapping[str, Any]) -> list[Row]:
    """Do the same on a connection for asyncio."""
    if not isinstance(connection, AsyncConnection):
        raise InvalidInput(
            "connection", "it is not for asyncio", "use an AsyncConnection, or the other door"
        )
    async with AsyncCursor(connection, row_factory=tuple_row) as cursor:
        await cursor.execute(statement, params)
        return await cursor.fetchall() if cursor.description else []
