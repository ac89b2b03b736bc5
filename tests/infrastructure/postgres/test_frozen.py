"""A writer that freezes, or is cut off, or waits for others, holds up nobody else for long."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from psycopg.conninfo import conninfo_to_dict

from arbiter.domain.errors import Unavailable
from arbiter.infrastructure.postgres import committer
from arbiter.infrastructure.postgres.connections import NOTICES_A_SILENT_PEER, Connections
from arbiter.testing.builders import rescheduled, suspended
from arbiter.testing.contracts.given import Given, decision
from tests.support.proxy import Proxy
from tests.support.server import asked, holding, holding_the_log, somebody_waits, waiting_backends
from tests.support.stores import postgres_store
from tests.support.waiting import eventually

LONGEST = timedelta(seconds=4.5)
"""Two seconds until the server cuts a frozen writer off, and some for this machine."""


@pytest.fixture
async def proxy(database):
    async with Proxy(database.dsn).serving() as proxy:
        yield proxy


@pytest.fixture
async def far(proxy, monkeypatch):
    monkeypatch.setattr(committer, "RECONNECT_SECONDS", ())
    async with postgres_store(proxy) as store:
        yield store


class TestAFrozenWriter:
    async def test_within_the_log_is_cut_off_by_the_server(self, far, given, proxy, database):
        stranger = Given(far)
        await stranger.worker()  # its statements are prepared from now on
        proxy.cut("never", of=b"worker.joined")
        frozen = asyncio.ensure_future(stranger.worker())
        async with asyncio.timeout(LONGEST.total_seconds()):
            await eventually(lambda: proxy.cuts)
            append = asyncio.ensure_future(given.task())
            await somebody_waits(database.dsn)  # behind the frozen one, who holds the log
            await append
        with pytest.raises(Unavailable):
            await frozen
        assert await asked(database.dsn, "SELECT count(*) FROM arbiter.workers") == [(1,)]

    async def test_with_a_commit_behind_it_holds_nothing(self, far, given, proxy):
        stranger = Given(far)
        await stranger.task()
        proxy.cut("never", of=b"task.submitted")
        frozen = asyncio.ensure_future(stranger.task())
        await eventually(lambda: proxy.cuts)
        async with asyncio.timeout(1):
            await given.task()
        frozen.cancel()
        proxy.leave()


class TestTheLogSomebodyHolds:
    async def test_for_too_long_is_told_to_who_waits_and_nothing_is_written(
        self, store, given, database
    ):
        made, task = decision(None, *given.submission(), at=given.now)
        joined = given.joined(uuid4())
        async with holding_the_log(database.dsn):
            appends = store.log.append(made), store.log.append_facts([joined])
            told = await asyncio.gather(*appends, return_exceptions=True)
        assert [type(each) for each in told] == [Unavailable, Unavailable]
        assert all("lock timeout" in str(each) for each in told)
        assert await store.log.last_position() == 0
        await store.log.append(made)
        assert await store.ready.row(task.id) == made.row


class TestARowSomebodyHolds:
    async def test_delays_decisions_about_its_task_alone(self, store, given, database):
        held, other = await given.task(), await given.task()
        row = "SELECT FROM arbiter.ready_tasks WHERE task_id = %s FOR UPDATE"
        async with holding(database.dsn, row, (held.id,)):
            waiting = asyncio.ensure_future(given.then(held, suspended))
            await somebody_waits(database.dsn)
            async with asyncio.timeout(1):
                await given.then(other, rescheduled)
                await asyncio.gather(*(given.task() for _ in range(20)))
                await store.ready.sweep(given.now)
            assert not waiting.done()
            assert await waiting_backends(database.dsn) == 1
        await waiting

    async def test_does_not_delay_a_claim_of_others(self, store, given, database):
        me = await given.worker()
        held, other = await given.tasks(2)
        row = "SELECT FROM arbiter.ready_tasks WHERE task_id = %s FOR UPDATE"
        async with holding(database.dsn, row, (held.id,)), asyncio.timeout(1):
            assert await given.claimed(me) == [other.id]


def test_a_server_that_vanished_is_noticed_within_seconds():
    told = conninfo_to_dict(Connections("host=far.example keepalives_idle=60", "arbiter").dsn)
    assert told["host"] == "far.example"
    assert told["keepalives_idle"] == "60"
    assert int(told["tcp_user_timeout"]) == NOTICES_A_SILENT_PEER["tcp_user_timeout"]
