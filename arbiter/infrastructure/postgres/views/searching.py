"""Searches: statements that stop as soon as they have found enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arbiter.infrastructure.postgres.connections import Connections, Reader, Row


class Searching:
    """Runs searches on pooled connections."""

    def __init__(self, connections: Connections, reader: Reader) -> None:
        """The reader must be open before the first search."""
        self._connections, self._reader = connections, reader

    async def rows(self, name: str, params: Mapping[str, Any]) -> list[Row]:
        """Return the rows that were found."""
        query = self._connections.query
        async with self._reader.connection() as connection, connection.transaction():
            await connection.execute(query("search_in_order"))
            cursor = await connection.execute(query(name), params, binary=True)
            return await cursor.fetchall()
