"""Stores on real databases, for the contract suites."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from arbiter.infrastructure.postgres.store import PostgresStore
from arbiter.runtime.clock import DatabaseClock
from arbiter.runtime.scheduler import AsyncioScheduler


@asynccontextmanager
async def postgres_store(
    database: Any, clock: Any = None, *, schema: str = "arbiter"
) -> AsyncIterator[PostgresStore]:
    """Open a store on a fresh database, and close it."""
    store = PostgresStore(
        lambda: database.dsn,
        schema,
        clock=clock or DatabaseClock(),
        scheduler=AsyncioScheduler(),
    )
    await store.open()
    try:
        yield store
    finally:
        await store.close()
