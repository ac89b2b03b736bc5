"""Runs writing statements within one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection

from arbiter.domain.errors import Unavailable
from arbiter.infrastructure.postgres.connections import Connections, Row, first_line

NOBODYS_FAULT = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.IdleInTransactionSessionTimeout,
)


class Writer:
    """One transaction's connection, and our statements."""

    def __init__(self, connection: AsyncConnection[Row], connections: Connections) -> None:
        """The connection is within the transaction."""
        self._connection, self._connections = connection, connections

    async def run(self, name: str, params: Mapping[str, Any]) -> None:
        """Run a statement that answers nothing."""
        with blaming_nobody():
            await self._connections.execute(self._connection, name, params)

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Run statements without waiting for each; an error of any is raised at the end at latest."""
        with blaming_nobody():
            async with self._connection.pipeline():
                yield

    async def rows(self, name: str, params: Mapping[str, Any]) -> list[Row]:
        """Run a statement and return its rows."""
        with blaming_nobody():
            cursor = await self._connections.execute(self._connection, name, params)
            return await cursor.fetchall()


class blaming_nobody:  # noqa: N801 - reads as a phrase where it is used
    """Say Unavailable of what no fact is to blame for: a lost connection, a wait that took too long."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Translate; let everything else pass."""
        aborted = isinstance(error, psycopg.errors.PipelineAborted)  # by a statement before it
        if isinstance(error, NOBODYS_FAULT) and not aborted:
            raise Unavailable(f"database: {first_line(error)}") from error
