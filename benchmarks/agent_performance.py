"""What it costs to know how agents do: folding outcomes, and reading records, windows and points.

python benchmarks/agent_performance.py [DSN]     # an empty database; an embedded server if none is named
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import quantiles
from time import perf_counter

import msgspec
import psycopg

from arbiter.application.ports import Recorded
from arbiter.domain.performance import WINDOWS
from arbiter.infrastructure.embedded.server import EmbeddedPostgres
from arbiter.infrastructure.postgres.migrator import migrate
from arbiter.infrastructure.postgres.store import PostgresStore
from arbiter.projections.base import Batch
from arbiter.projections.catalogue import PROJECTIONS
from arbiter.runtime.scheduler import AsyncioScheduler
from arbiter.testing.builders import NOON, a_task
from arbiter.testing.clock import FrozenClock

AGENTS, KINDS, BUCKETS = 20, 5, 12
AT = NOON + timedelta(days=7)

SUMS = """
INSERT INTO arbiter.agent_sums
SELECT
    step, %(at)s::timestamptz - place * make_interval(mins => step), 'agent-' || agent, 'kind-' || kind,
    20, 1, 0, 0, 21, 21000000, 0, 0, 0, 0
FROM (VALUES (1, 60), (5, 2016), (60, 168)) AS steps (step, places)
CROSS JOIN LATERAL generate_series(0, places - 1) AS place
CROSS JOIN generate_series(1, %(agents)s) AS agent CROSS JOIN generate_series(1, %(kinds)s) AS kind
"""
SPANS = """
INSERT INTO arbiter.agent_spans
SELECT step, begins, agent, kind, bucket, 2 FROM arbiter.agent_sums
CROSS JOIN generate_series(100, 99 + %(buckets)s) AS bucket
"""
RECORDS = """
INSERT INTO arbiter.agent_records
SELECT 'agent-' || agent, 'kind-' || kind, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, agent * 5 + kind
FROM generate_series(1, 1000) AS agent CROSS JOIN generate_series(1, %(kinds)s) AS kind
"""


def fold() -> None:
    """Print microseconds per fact of each projection, the best of several rounds."""
    life = a_task().completed().facts
    facts = [
        msgspec.structs.replace(fact, task_id=msgspec.convert(f"{n:032x}", type(fact.task_id)))
        for n in range(400)
        for fact in life
    ]
    batch = Batch([Recorded(fact, place) for place, fact in enumerate(facts, 1)], {})
    assert len(batch.steps) == len(facts)
    for projection in PROJECTIONS:
        best = min(_seconds(partial(projection.fold, batch)) for _ in range(9))
        print(f"fold {projection.name:24} {best * 1e6 / len(facts):8.2f} us a fact")


def _seconds(call: Callable[[], object]) -> float:
    began = perf_counter()
    call()
    return perf_counter() - began


async def read(dsn: str) -> None:
    """Print milliseconds of each read, the median and the 95th percentile."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        told = {"at": AT, "agents": AGENTS, "kinds": KINDS, "buckets": BUCKETS}
        for statement in (SUMS, SPANS, RECORDS):
            connection.execute(statement, told)
        connection.execute("ANALYZE")
    store = PostgresStore(
        lambda: dsn, "arbiter", clock=FrozenClock(AT), scheduler=AsyncioScheduler()
    )
    await store.open()
    try:
        await _reads(store)
    finally:
        await store.close()


async def _reads(store: PostgresStore) -> None:
    performance, records = store.views.agent_performance, store.records
    for window in WINDOWS:
        await _measure(
            f"window {window.name}, {AGENTS} agents x {KINDS} kinds",
            partial(performance.read, window, at=AT),
        )
    week = WINDOWS[-1]
    await _measure("window 7d, one agent", lambda: performance.read(week, at=AT, agent="agent-7"))
    whose = [(f"agent-{a}", f"kind-{k}") for a in range(1, AGENTS + 1) for k in range(1, KINDS + 1)]
    await _measure(
        f"100 points of each of {len(whose)}", lambda: performance.points(whose, before=AT)
    )
    everybody = [f"agent-{number}" for number in range(1, 1001)]
    await _measure("5,000 records", lambda: records.of(everybody))
    await _measure(
        "the news of 5,000 records, 5 of them", lambda: records.of(everybody, after=5000)
    )
    await _measure("the records of 20 agents", lambda: records.of(everybody[:20]))


async def _measure(name: str, call: Callable[[], Awaitable[object]], times: int = 20) -> None:
    spans = []
    for _ in range(times):
        began = perf_counter()
        await call()
        spans.append((perf_counter() - began) * 1000)
    cuts = quantiles(spans, n=20, method="inclusive")
    print(f"read {name:44} {cuts[9]:8.2f} ms, P95 {cuts[18]:8.2f} ms")


def main() -> None:
    """Fold, then read from a database that is filled for that."""
    fold()
    if len(sys.argv) > 1:
        _read_from(sys.argv[1])
        return
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as server:
        _read_from(server.dsn)


def _read_from(dsn: str) -> None:
    migrate(dsn, "arbiter")
    asyncio.run(read(dsn))


if __name__ == "__main__":
    main()
