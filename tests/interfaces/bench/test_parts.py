"""Each part of the benchmark, as small as it goes: it measures what it says, and leaves nothing behind."""

from __future__ import annotations

import psycopg
import pytest

from arbiter.interfaces.bench.drain import drains
from arbiter.interfaces.bench.ground import Ground
from arbiter.interfaces.bench.idle import idle
from arbiter.interfaces.bench.in_process import in_process
from arbiter.interfaces.bench.latency import latency
from arbiter.interfaces.bench.machine import machine
from arbiter.interfaces.bench.memory import bytes_in_twin, fill, worker_memory
from arbiter.interfaces.bench.raw import RawProbe
from arbiter.interfaces.bench.registry import registry_query
from arbiter.interfaces.bench.routing import choosing, routed_drains
from arbiter.interfaces.bench.submit import submissions
from arbiter.interfaces.bench.workers import BenchmarkFailed, order_for, worker
from arbiter.interfaces.bench.workload import KIND, hosting


@pytest.fixture(autouse=True)
def nothing_is_left_behind(database):
    yield
    with psycopg.connect(database.dsn) as connection:
        left = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, 'arbiter_bench')"
        ).fetchall()
    assert left == []


async def test_the_raw_probe_writes_the_bytes_of_a_submission(ground: Ground):
    async with ground.plot() as plot:
        raw = await RawProbe.on(plot)
        assert await raw.run(1_001) > 0
        with psycopg.connect(ground.dsn) as connection:
            rows = connection.execute(
                f"SELECT topic, count(*), min(length(state)), max(length(state))"
                f" FROM {plot.schema}.raw_facts GROUP BY topic ORDER BY topic"
            ).fetchall()
            facts = connection.execute(
                f"SELECT topic, length(state) FROM {plot.schema}.facts"
                f" WHERE starts_with(topic, 'task.') ORDER BY topic"
            ).fetchall()
            indexes = connection.execute(
                "SELECT tablename, count(*) FROM pg_indexes WHERE schemaname = %s"
                " AND tablename IN ('facts', 'raw_facts') GROUP BY tablename",
                (plot.schema,),
            ).fetchall()
    assert [(topic, 501, length, length) for topic, length in facts] == rows
    assert dict(indexes) == {"facts": 2, "raw_facts": 2}


async def test_the_best_of_many_agents(ground: Ground):
    asked = await registry_query(ground, agents=30, queries=5)
    assert (asked.agents, asked.matching) == (30, 15)
    assert 0 < asked.p50 <= asked.p95


async def test_submissions_by_callers_and_in_bulk(ground: Ground):
    raw: list[float] = []
    rates = await submissions(ground, raw, callers={1: 5, 4: 20}, bulk=30, rounds=2, raw_rows=100)
    assert list(rates) == ["1", "4", "bulk"]
    assert all(rate.per_s > 0 and rate.share > 0 for rate in rates.values())
    assert len(raw) == 2 * (1 + len(rates))  # before, between and after, in each round


async def test_a_drain_leaves_five_facts_each(ground: Ground):
    raw: list[float] = []
    drained = await drains(ground, raw, tasks=40, concurrency=8, rounds=1, raw_rows=100)
    assert (drained.tasks, drained.concurrency) == (40, 8)
    assert drained.rate.per_s > 0
    assert drained.cpu_us > 0
    assert drained.catching_up > 0
    assert len(raw) == 2


async def test_drains_in_turns_with_learnt_routing_and_without(ground: Ground):
    raw: list[float] = []
    drains = await routed_drains(ground, raw, tasks=30, concurrency=6, rounds=1, raw_rows=100)
    assert drains.learnt.rate.per_s > 0
    assert drains.share == drains.learnt.rate.per_s / drains.off.rate.per_s
    assert len(raw) == 4


def test_choosing_among_few_and_many():
    measured = choosing(decisions=50)
    assert 0 < measured.few_us < measured.many_us
    assert measured.per_s > 0


async def test_submit_to_start(ground: Ground):
    measured = await latency(ground, submissions=5)
    assert measured.submissions == 5
    assert 0 < measured.p50 <= measured.p99 <= measured.most


async def test_an_idle_worker_is_counted_without_the_one_who_counts(ground: Ground):
    measured = await idle(ground, seconds=0.2, settling=0.0)
    assert measured.transactions >= 0
    assert measured.seconds >= 0.2


async def test_the_twin_is_weighed():
    assert 100 < await bytes_in_twin(200) < 10_000


async def test_a_worker_is_weighed_before_a_short_and_a_long_queue(ground: Ground):
    measured = await worker_memory(ground, few=20, many=60, executed=10)
    assert min(measured.at_few, measured.at_many) > 2**20
    assert abs(measured.difference) < 20 * 2**20


async def test_filled_tasks_are_as_good_as_submitted_ones(ground: Ground):
    async with ground.plot() as plot:
        await fill(plot, 12)
        async with hosting(plot) as arbiter:
            stale = await arbiter.stale(0.0, limit=100)
            views = [await arbiter.status(row.task_id) for row in stale]
    assert len({view.task_id for view in views}) == 12
    assert {(view.kind, view.status, view.payload["number"]) for view in views} == {
        (KIND, "queued", 0)
    }


def test_in_process():
    measured = in_process(lives=50, calls=50)
    assert measured.transition > 0
    assert measured.listener_call > 0


async def test_the_machine_is_named(ground: Ground, tmp_path):
    async with ground.plot() as plot:
        found = await machine(plot.session, tmp_path)
    assert found.cores >= 1
    assert found.postgres
    assert found.sync_us is not None
    assert found.sync_us > 0
    assert found.settings.keys() >= {"fsync", "synchronous_commit", "shared_buffers"}


async def test_a_worker_that_dies_is_told_of(ground: Ground):
    async with ground.plot() as plot, worker(order_for(plot, concurrency=1)) as one:
        await one.tell("start")
        await one.hear("started")
        one.kill()
        with pytest.raises(BenchmarkFailed, match="ended before it said 'executed'"):
            await one.hear("executed")
