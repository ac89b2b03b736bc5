"""How agents do is asked by both doors, and forgotten by no restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from arbiter import aio, connect
from arbiter.domain.errors import AgentNotFound, InvalidInput


def grade(task):
    task.report_quality(task.payload)


@pytest.fixture
def told(database):
    """What an Arbiter that hosted an agent told of it before it was stopped."""
    with connect(dsn=database.dsn) as arbiter:
        arbiter.agent("ann", kinds="essay", cost_per_task=0.5)(grade)
        arbiter.start()
        tasks = [arbiter.submit("essay", quality).task_id for quality in (0.0, 0.5, 1.0)]
        for task_id in tasks:
            arbiter.wait(task_id, 10)
        arbiter.rate(tasks[0], 1.0, by="bob")
        arbiter.views.catch_up()
        return arbiter.agents.performance()


def test_it_tells_success_quality_latency_and_cost(told):
    (row,) = told.rows
    assert (row.agent, row.kind, row.attempts) == ("ann", "essay", 3)
    assert row.quality == pytest.approx(2.5 / 3)
    assert (row.success_rate, row.cost, row.rated) == (1, 0.5, 3)
    assert row.p50_ms <= row.p95_ms <= row.p99_ms
    assert row.confidence == pytest.approx(0.8 * 3 / 100)


def test_a_restart_forgets_nothing(told, database):
    now = told.ends
    with connect(dsn=database.dsn) as again:
        assert again.agents.performance(now=now) == told
        assert again.agents.performance("ann", kind="essay", now=now) == told


async def test_both_doors_tell_the_same(told, database):
    async with aio.connect(database.dsn) as arbiter:
        assert await arbiter.agents.performance(now=told.ends) == told


def test_a_moment_may_be_named(told, database):
    with connect(dsn=database.dsn) as arbiter:
        week_ago = datetime.now(UTC) - timedelta(days=8)
        assert arbiter.agents.performance(now=week_ago).rows == []
        with pytest.raises(InvalidInput, match="now"):
            arbiter.agents.performance(now=datetime(2030, 1, 1))  # noqa: DTZ001 - no zone


def test_nonsense_is_refused(told, database):
    with connect(dsn=database.dsn) as arbiter:
        with pytest.raises(InvalidInput, match="window: '2h' is none; one of 5m, 1h, 24h, 7d"):
            arbiter.agents.performance(window="2h")
        with pytest.raises(AgentNotFound):
            arbiter.agents.performance("nobody")
