"""Where benchmarks run: an embedded server of their own, or a schema of their own on a given one."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from arbiter import aio
from arbiter.infrastructure.embedded.server import EmbeddedPostgres
from arbiter.infrastructure.postgres.migrator import migrate
from arbiter.interfaces.bench.session import Session, session

PATIENCE_WITH_STOPPING = 30.0


@dataclass(frozen=True)
class Plot:
    """One fresh schema: what one measurement leaves behind is not in the way of the next."""

    dsn: str
    schema: str
    session: Session

    def connect(self, **values: Any) -> aio.AsyncArbiter:
        """Return an Arbiter on this schema, as anyone would."""
        return aio.connect(self.dsn, schema=self.schema, **values)


@dataclass(frozen=True)
class Ground:
    """A running PostgreSQL."""

    dsn: str
    folder: Path | None = None
    """Where an embedded one keeps its data."""

    @asynccontextmanager
    async def plot(self) -> AsyncIterator[Plot]:
        """Lend a fresh schema, and drop it afterwards. Raises Unavailable, DatabaseTooOld."""
        schema = f"arbiter_bench_{uuid4().hex[:12]}"
        await asyncio.to_thread(migrate, self.dsn, schema)
        async with session(self.dsn, schema) as opened:
            try:
                yield Plot(self.dsn, schema, opened)
            finally:
                await opened.drop_schema()


@contextmanager
def ground(dsn: str | None) -> Iterator[Ground]:
    """Take the given server, or start one that forgets nothing in a temporary folder."""
    if dsn is not None:
        yield Ground(dsn)
        return
    folder = Path(tempfile.mkdtemp(prefix="arbiter-bench-"))
    server = EmbeddedPostgres(folder, durable=True)
    try:
        with server:
            yield Ground(server.dsn, folder)
    finally:
        _await_end(server)
        shutil.rmtree(folder, ignore_errors=True)


def _await_end(server: EmbeddedPostgres) -> None:
    """Its supervisor stops it soon after the last hold is gone."""
    deadline = time.monotonic() + PATIENCE_WITH_STOPPING
    while server.folder.postmaster() is not None and time.monotonic() < deadline:
        time.sleep(0.01)
