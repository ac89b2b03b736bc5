"""Connections break and the server goes away: everything goes on, nothing is lost or ends twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from arbiter import ArbiterError, Limits, RetryPolicy, connect
from arbiter.domain.errors import Unavailable
from arbiter.infrastructure.embedded.server import EmbeddedPostgres
from arbiter.infrastructure.postgres.migrator import migrate
from tests.support.eventually import eventually
from tests.support.outage import cut_off, live_tasks
from tests.support.processes import wait_for_end_of
from tests.support.soundness import assert_sound

TASKS = 300
PAUSE = threading.Event()
FAILS_OFTEN = {"drain_seconds": 0, "breaker_window_seconds": 0.000001}
SIGNS = {"beat_seconds": 0.3, "lease_seconds": 20}


class Busy(Exception):
    pass


def agents_on(arbiter, done):
    """Four sorts of handlers that end in four ways."""

    @arbiter.agent("plain", kinds="plain", concurrency=10)
    async def plain(task):
        await asyncio.sleep(0.002)
        done.append(task.payload)
        return task.payload

    @arbiter.agent("thread", kinds="thread", concurrency=10)
    def thread(task):
        done.append(task.payload)
        return task.payload

    @arbiter.agent(
        "twice", kinds="twice", concurrency=10, retry=RetryPolicy(max_attempts=9, initial=0.01)
    )
    async def twice(task):
        if task.attempt == 1:
            raise Busy
        done.append(task.payload)
        return task.payload

    @arbiter.agent(
        "late",
        kinds="late",
        retry=RetryPolicy(max_attempts=20, initial=0.01),
        limits=Limits(start_to_close=0.1),
    )
    async def late(task):
        if task.attempt == 1:
            await asyncio.sleep(60)
        done.append(task.payload)
        return task.payload


KINDS = ["plain"] * 5 + ["thread"] * 2 + ["twice"] * 2 + ["late"]


def cut_while_300_tasks_run(dsn, seed):
    chance = random.Random(seed)
    done: list[int] = []
    with connect(dsn=dsn, poll_seconds=600, concurrency=20, **FAILS_OFTEN) as arbiter:
        agents_on(arbiter, done)
        arbiter.start()
        works = [{"kind": chance.choice(KINDS), "payload": n} for n in range(TASKS)]
        task_ids = [answer.task_id for answer in arbiter.submit_many(works)]
        for _ in range(chance.randint(1, 4)):
            PAUSE.wait(chance.random() * 0.2)
            cut_off(dsn)
        eventually(lambda: live_tasks(dsn) == 0, within=30)
    truth = assert_sound(dsn)
    statuses = Counter(truth.tasks[task_id].status for task_id in task_ids)
    assert statuses == {"completed": TASKS}, f"seed {seed}"
    assert set(done) == set(range(TASKS)), f"seed {seed}"


@pytest.mark.parametrize(
    "first", [0, 5, *(pytest.param(first, marks=pytest.mark.deep) for first in (10, 15))]
)
def test_connections_cut_at_any_moment(databases, first):
    """Four times five repetitions; those five at once, each on a database of its own."""
    seeds = range(first, first + 5)
    print(f"seeds {list(seeds)}")  # noqa: T201 - shown with a failure
    with ExitStack() as stack:
        dsns = [stack.enter_context(databases.migrated()).dsn for _ in seeds]
        with ThreadPoolExecutor(len(seeds)) as pool:
            for repetition in [
                pool.submit(cut_while_300_tasks_run, *each)
                for each in zip(dsns, seeds, strict=True)
            ]:
                repetition.result()


def test_what_was_acknowledged_while_connections_broke_is_there(connected, database):
    arbiter = connected()
    acknowledged, refused = [], []
    over = threading.Event()

    def submit(number):
        while not over.is_set():
            try:
                acknowledged.append(arbiter.submit("work", number, any_kind=True).task_id)
            except ArbiterError as no:
                refused.append(no)

    arbiter.submit("work", any_kind=True)
    with ThreadPoolExecutor(8) as pool:
        for number in range(8):
            pool.submit(submit, number)
        for _ in range(5):
            enough = len(acknowledged) + 20
            eventually(lambda enough=enough: len(acknowledged) > enough)
            cut_off(database.dsn)
        over.set()
    assert {no.code for no in refused} <= {"database_unavailable"}
    truth = assert_sound(database.dsn)
    assert len(acknowledged) == len(set(acknowledged))
    assert set(acknowledged) <= truth.tasks.keys()


def test_commands_and_listeners_survive_a_cut(connected, database):
    arbiter = connected()
    arbiter.agent("a", kinds="work")(lambda task: task.payload)
    heard = []
    arbiter.on("task.completed", lambda event: heard.append(event.task_id))
    arbiter.start()
    first = arbiter.submit("work").task_id
    arbiter.wait(first, 5)
    waiting = arbiter.submit("work", hold="look").task_id
    with ThreadPoolExecutor() as pool:
        ended = pool.submit(arbiter.wait, waiting, 20)
        assert cut_off(database.dsn) > 5
        eventually(lambda: answers(lambda: arbiter.approve(waiting)))
        assert ended.result().status == "completed"
    eventually(lambda: set(heard) == {first, waiting})


def answers(call):
    """Return what a call answers; nothing while the database is away."""
    try:
        return call()
    except Unavailable:
        return None


def test_a_cancel_during_a_cut_reaches_the_handler(connected, database, bench):
    arbiter = connected(beat_seconds=0.3, lease_seconds=5)
    arbiter.agent("a", kinds="work")(bench.awork)
    arbiter.start()
    task_id = arbiter.submit("work").task_id
    bench.next()
    cut_off(database.dsn)
    eventually(lambda: answers(lambda: arbiter.cancel(task_id)))
    bench.next_stopped(within=5)


@pytest.fixture
def server(tmp_path):
    """A server of our own, which can be stopped."""
    with EmbeddedPostgres(tmp_path / "server", durable=False) as server:
        migrate(server.dsn, "arbiter")
        yield server


def stop(server):
    """End the server, with everybody who is connected."""
    pid, _ = server.folder.postmaster()
    os.kill(pid, signal.SIGINT)
    wait_for_end_of(pid)


def test_a_server_that_is_away_for_two_seconds(server):
    done: list[int] = []
    with connect(dsn=server.dsn, concurrency=20, **SIGNS, **FAILS_OFTEN) as arbiter:
        agents_on(arbiter, done)
        arbiter.start()
        works = [{"kind": KINDS[n % 10], "payload": n} for n in range(TASKS)]
        task_ids = [answer.task_id for answer in arbiter.submit_many(works)]
        eventually(lambda: len(done) > TASKS // 10)
        stop(server)
        with ThreadPoolExecutor() as pool:
            late = pool.submit(arbiter.submit, "plain", -1)
            PAUSE.wait(2)
            server.start()
            assert late.result(20).status == "queued"
        eventually(lambda: live_tasks(server.dsn) == 0, within=30)
        truth = assert_sound(server.dsn)
        assert {truth.tasks[task_id].status for task_id in task_ids} == {"completed"}
        assert arbiter.wait(arbiter.submit("plain", -2).task_id, 10).status == "completed"


def test_stopping_while_the_server_is_away_ends_soon_and_others_take_over(server):
    started = threading.Event()
    may_end = threading.Event()

    def handler(task):
        started.set()
        may_end.wait(20)

    arbiter = connect(dsn=server.dsn)
    arbiter.agent("a", kinds="work")(handler)
    arbiter.start()
    task_id = arbiter.submit("work").task_id
    assert started.wait(5)
    stop(server)
    with ThreadPoolExecutor() as pool:
        stopping = pool.submit(arbiter.stop, 0)
        stopping.exception(30)
    may_end.set()
    server.start()
    with connect(dsn=server.dsn, beat_seconds=0.3, lease_seconds=1) as other:
        other.agent("b", kinds="work")(lambda task: "rescued")
        other.start()
        assert other.wait(task_id, 10).result == "rescued"
    assert_sound(server.dsn)


def test_an_unreachable_database_is_said_in_one_line(server):
    stop(server)
    arbiter = connect(dsn=server.dsn)
    with pytest.raises(ArbiterError) as no:
        arbiter.submit("work", any_kind=True)
    assert no.value.code == "database_unavailable"
    assert "\n" not in str(no.value)
    server.start()
    assert arbiter.submit("work", any_kind=True).status == "queued"
    arbiter.stop()


def test_who_stops_while_the_server_is_away_beats_no_more(server):
    arbiter = connect(dsn=server.dsn)
    arbiter.agent("a", kinds="work")(lambda task: None)
    arbiter.start()
    stop(server)
    with ThreadPoolExecutor() as pool:
        pool.submit(arbiter.stop, 0).exception(60)
    assert "arbiter beat" not in {thread.name for thread in threading.enumerate()}
    server.start()
