"""How fast this machine drains with the bare loop that the drain's aim was set beside.

20,000 no-op tasks, three durable facts each, two lanes of one statement a turn, batches of 100: the shape of
Arbiter's own drain without anything that Arbiter is for. Run it on a machine that does nothing else:

    python benchmarks/bare_loop.py
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import uuid_utils.compat

from arbiter.infrastructure.embedded.server import EmbeddedPostgres
from arbiter.infrastructure.postgres.arrays import blobs, register, uuids

TASKS, BATCH, LANES, ROUNDS = 20_000, 100, 2, 5
TURN = (Path(__file__).parent / "bare_loop.sql").read_bytes()
TABLES = """
DROP SCHEMA IF EXISTS bare CASCADE;
CREATE SCHEMA bare;
CREATE TABLE bare.log (
    id uuid NOT NULL, version bigint NOT NULL, topic text NOT NULL, state bytea NOT NULL,
    position bigserial NOT NULL, PRIMARY KEY (id, version)
);
CREATE UNIQUE INDEX ON bare.log (position);
CREATE TABLE bare.ready (
    id uuid PRIMARY KEY, queue text NOT NULL, claimed boolean NOT NULL, priority smallint NOT NULL,
    payload bytea NOT NULL
);
CREATE INDEX ON bare.ready (queue, priority DESC, id) WHERE NOT claimed;
"""
Connection = psycopg.AsyncConnection[tuple[Any, ...]]
Rows = Sequence[tuple[UUID, Any]]


class Happened(msgspec.Struct, frozen=True):
    """A fact of about the size of Arbiter's."""

    task_id: UUID
    version: int
    at: datetime
    told: dict[str, Any] = {}


encode = msgspec.json.Encoder().encode
ROUTED = {"agent": "one", "draw": 0.5, "candidates": [{"agent": "one", "score": 1.0, "p": 1.0}]}


async def drained(dsn: str) -> float:
    """Drain once, on new tables; return tasks per second."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(TABLES)
        ids = [uuid_utils.compat.uuid7() for _ in range(TASKS)]
        async with connection.cursor() as cursor:
            async with cursor.copy("COPY bare.ready FROM STDIN") as copy:
                for task_id in ids:
                    await copy.write_row((task_id, "q", False, 5, b'{"number": 1}'))
            async with cursor.copy("COPY bare.log (id, version, topic, state) FROM STDIN") as copy:
                for task_id in ids:
                    await copy.write_row((task_id, 1, "task.submitted", b'{"number": 1}'))
        await connection.execute("ANALYZE bare.ready")
        begun = perf_counter()
        await asyncio.gather(*(lane(dsn) for _ in range(LANES)))
        rate = TASKS / (perf_counter() - begun)
        counted = await (await connection.execute("SELECT count(*) FROM bare.log")).fetchone()
        assert counted == (4 * TASKS,), "every task has four facts"
        return rate


async def lane(dsn: str) -> None:
    """Take turns until nothing is left."""
    async with await psycopg.AsyncConnection.connect(
        dsn, autocommit=True, prepare_threshold=0
    ) as connection:
        register(connection)
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        ended: list[UUID] = []
        claimed = await turn(connection, ended, ended)
        while claimed or ended:
            running = [task_id for task_id, _ in claimed]
            claimed = await turn(connection, ended, running)
            await asyncio.gather(*(asyncio.create_task(nothing()) for _ in running))
            ended = running


async def turn(connection: Connection, ended: Sequence[UUID], begun: Sequence[UUID]) -> Rows:
    """Append the ends and the beginnings, and claim."""
    now = datetime.now(UTC)
    cursor = psycopg.AsyncRawCursor(connection)
    columns = [
        uuids(ended),
        blobs([encode(Happened(task_id, 4, now)) for task_id in ended]),
        uuids(begun),
        blobs([encode(Happened(task_id, 2, now, ROUTED)) for task_id in begun]),
        blobs([encode(Happened(task_id, 3, now)) for task_id in begun]),
    ]
    await cursor.execute(TURN, [*columns, BATCH], binary=True)
    return [(task_id, msgspec.json.decode(payload)) for task_id, payload in await cursor.fetchall()]


async def nothing() -> None:
    """Do the task."""


def main() -> None:
    """Drain some times and print the rates."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        EmbeddedPostgres(Path(folder), durable=True) as server,
    ):
        rates = [asyncio.run(drained(server.dsn)) for _ in range(ROUNDS)]
    print(
        f"{' '.join(f'{rate:,.0f}' for rate in rates)} tasks/s; the middle one {median(rates):,.0f}"
    )


if __name__ == "__main__":
    main()
