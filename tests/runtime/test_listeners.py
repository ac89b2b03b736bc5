"""Listeners hear every later fact and notice once, and reach nobody but themselves."""

from __future__ import annotations

import asyncio
import threading
from queue import SimpleQueue

import pytest

from arbiter import ArbiterError, aio
from tests.support.eventually import eventually

LIFE = ["task.submitted", "task.validated", "task.routed", "task.started", "task.completed"]


@pytest.fixture
def working(arbiter):
    arbiter.agent("a", kinds="work")(lambda task: task.payload)
    arbiter.start()
    return arbiter


def heard_by(arbiter, topic):
    heard: SimpleQueue = SimpleQueue()
    return heard, arbiter.on(topic, heard.put)


def done(arbiter, payload=None):
    return arbiter.wait(arbiter.submit("work", payload).task_id, 5).task_id


def test_one_topic(working):
    heard, _ = heard_by(working, "task.completed")
    task_id = done(working, "x")
    event = heard.get(timeout=3)
    assert (event.topic, event.task_id) == ("task.completed", task_id)
    assert event.fact.result.value() == "x"
    assert event.position == working.history(task_id)[-1].position


def test_a_pattern_hears_everything_in_order_and_once(working):
    heard, _ = heard_by(working, "task.*")
    task_ids = [done(working) for _ in range(20)]
    events = [heard.get(timeout=3) for _ in range(20 * 5)]
    assert [event.position for event in events] == sorted({event.position for event in events})
    for task_id in task_ids:
        assert [event.topic for event in events if event.task_id == task_id] == LIFE
    assert heard.empty()


def test_what_came_before_is_not_heard(working):
    heard_by(working, "task.*")
    for _ in range(5):
        done(working)
        second, end = heard_by(working, "task.submitted")
        mine = working.submit("work").task_id
        assert second.get(timeout=3).task_id == mine
        end()


def test_after_the_end_nothing_is_heard(working):
    heard, end = heard_by(working, "task.completed")
    other, _ = heard_by(working, "task.completed")
    done(working)
    heard.get(timeout=3)
    end()
    done(working)
    other.get(timeout=3)
    other.get(timeout=3)
    assert heard.empty()


def test_facts_of_workers_agents_and_queues_are_heard(arbiter):
    heard, _ = heard_by(arbiter, "*")
    arbiter.agent("a", kinds="work")(lambda task: None)
    arbiter.start()
    arbiter.pause_queue("default", by="ann")
    expected = {"agent.registered", "worker.joined", "queue.paused", "orchestrator.started"}
    topics: set = set()
    while not topics >= expected:
        topics.add(heard.get(timeout=3).topic)


def test_facts_of_another_process_are_heard(connected, working):
    elsewhere = connected()
    heard, _ = heard_by(elsewhere, "task.*")
    task_id = done(working)
    assert [heard.get(timeout=3).topic for _ in LIFE] == LIFE
    assert elsewhere.status(task_id).status == "completed"


def test_one_that_fails_disturbs_nobody(working):
    failed = threading.Event()

    def fails(event):
        failed.set()
        raise SystemExit if event.topic.endswith("routed") else ValueError

    working.on("task.*", fails)
    heard, _ = heard_by(working, "task.completed")
    for _ in range(3):
        done(working)
        assert heard.get(timeout=3)
    assert failed.is_set()


def test_one_that_blocks_disturbs_nobody(working):
    blocked, may_go = threading.Event(), threading.Event()

    def blocks(event):
        blocked.set()
        may_go.wait(20)

    working.on("task.*", blocks)
    heard, _ = heard_by(working, "task.completed")
    done(working)
    assert blocked.wait(3)
    done(working)
    for _ in range(2):
        assert heard.get(timeout=3)
    may_go.set()


def test_a_listener_may_command(working):
    follow_ups: SimpleQueue = SimpleQueue()

    def submits(event):
        if event.fact.result.value() == "first":
            follow_ups.put(working.submit("work", "second").task_id)

    working.on("task.completed", submits)
    done(working, "first")
    assert working.wait(follow_ups.get(timeout=3), 5).result == "second"


def test_a_listener_may_stop_it_all(working):
    ended = threading.Event()

    def stops(event):
        working.stop()
        ended.set()

    working.on("task.completed", stops)
    working.submit("work")
    assert ended.wait(10)


def test_notices(connected):
    arbiter = connected(stats_seconds=0.1)
    arbiter.agent("a", kinds="work")(lambda task: None)
    heard, _ = heard_by(arbiter, "orchestrator.*")
    arbiter.start()
    assert heard.get(timeout=3).topic == "orchestrator.started"
    done(arbiter)
    topics = {}
    eventually(
        lambda: (
            ((event := heard.get(timeout=3)) and topics.update({event.topic: event}))
            or len(topics) == 3
        )
    )
    assert set(topics) == {
        "orchestrator.stats",
        "orchestrator.health",
        "orchestrator.performance",
    }
    assert topics["orchestrator.stats"].data.keys() >= {"queued", "running", "completed"}
    eventually(
        lambda: (
            (event := heard.get(timeout=3)).topic == "orchestrator.stats"
            and event.data["completed"] == 1
        )
    )
    arbiter.stop()
    last = None
    while not heard.empty():
        last = heard.get()
    assert last is not None
    assert last.topic == "orchestrator.stopped"


async def test_async_listeners_run_on_their_own_loop(database):
    async with aio.connect(dsn=database.dsn, poll_seconds=600) as arbiter:
        heard: asyncio.Queue = asyncio.Queue()

        @arbiter.agent("a", kinds="work")
        async def work(task):
            return None

        async def listener(event):
            assert asyncio.get_running_loop() is home
            await asyncio.sleep(0)
            heard.put_nowait(event.topic)

        async def fails(event):
            raise ValueError

        home = asyncio.get_running_loop()
        await arbiter.on("task.*", fails)
        end = await arbiter.on("task.*", listener)
        await arbiter.start()
        await arbiter.submit("work")
        assert [await asyncio.wait_for(heard.get(), 3) for _ in LIFE] == LIFE
        end()


def test_an_async_listener_needs_a_loop(arbiter):
    async def listener(event):
        pass

    with pytest.raises(ArbiterError, match="aio"):
        arbiter.on("task.*", listener)
