"""Searches: statements that stop as soon as they have found enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arbiter.infrastructure.postgres.connections import Reader, Row


class Searching:
    """Runs searches on pooled connections."""

    def __init__(self, reader: Reader) -> None:
        """The reader must be open before the first search."""
        self._reader = reader

    async def rows(self, name: str, params: Mapping[str, Any]) -> list[Row]:
        """Return the rows that were found."""
        async with self._reader.transaction() as statements:
            await statements.run("search_in_order")
            return await (await statements.run(name, params)).fetchall()
