"""Two doors over one engine: the same verbs, nothing before first use, nothing after the end."""

from __future__ import annotations

import asyncio
import inspect
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import arbiter as package
from arbiter import Arbiter, ArbiterError, RetryPolicy, aio, connect
from arbiter.aio import AsyncAgents, AsyncArbiter, AsyncBreakers, AsyncFailures, AsyncViews
from arbiter.bootstrap.door import SyncAgents, SyncBreakers, SyncFailures, SyncViews
from tests.support.eventually import eventually


def verbs_of(door):
    return {
        name: inspect.signature(getattr(door, name))
        for name in dir(door)
        if not name.startswith("_") and callable(getattr(door, name))
    }


HERE_BEFORE: set[threading.Thread] = set()
"""Threads that other tests of this process have left, stuck in a handler on purpose."""


@pytest.fixture(autouse=True)
def leave_others_alone():
    HERE_BEFORE.clear()
    HERE_BEFORE.update(threading.enumerate())


def our_threads():
    return [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith("arbiter") and thread not in HERE_BEFORE
    ]


@pytest.mark.parametrize(
    ("sync", "other"),
    [
        (Arbiter, AsyncArbiter),
        (SyncViews, AsyncViews),
        (SyncAgents, AsyncAgents),
        (SyncBreakers, AsyncBreakers),
        (SyncFailures, AsyncFailures),
    ],
)
def test_both_doors_have_the_same_verbs_and_signatures(sync, other):
    assert verbs_of(sync) == verbs_of(other)
    for name in verbs_of(sync):
        assert getattr(sync, name).__doc__, name


def test_both_ways_in_have_the_same_signature():
    ways = [inspect.signature(way).parameters for way in (connect, aio.connect)]
    assert ways[0] == ways[1]


def test_the_public_names_are_all_there():
    for name in package.__all__:
        assert getattr(package, name)


def test_connecting_and_declaring_start_nothing(tmp_path):
    before = threading.active_count()
    arbiter = connect(embedded_dir=tmp_path / "none")
    arbiter.agent("a", kinds="work")(lambda task: None)
    arbiter.stop()
    assert threading.active_count() == before
    assert not (tmp_path / "none").exists()


def test_stopping_ends_every_thread_and_twice_is_once(connected):
    arbiter = connected()
    arbiter.agent("a", kinds="work")(lambda task: None)
    arbiter.start()
    arbiter.wait(arbiter.submit("work").task_id, 5)
    assert "arbiter engine" in our_threads()
    arbiter.stop()
    eventually(lambda: not our_threads())
    arbiter.stop()


@pytest.mark.parametrize(
    "use",
    [
        lambda arbiter: arbiter.submit("work"),
        lambda arbiter: arbiter.start(),
        lambda arbiter: arbiter.stats(),
        lambda arbiter: arbiter.views.lag(),
        lambda arbiter: arbiter.on("*", print),
    ],
)
def test_after_the_end_everything_is_refused(connected, use):
    arbiter = connected()
    arbiter.agent("a", kinds="work")(lambda task: None)
    arbiter.submit("work")
    arbiter.stop()
    with pytest.raises(ArbiterError) as no:
        use(arbiter)
    assert no.value.code == "stopped"
    eventually(lambda: not our_threads())


def test_what_waits_when_the_end_comes_is_told(connected):
    arbiter = connected()
    task_id = arbiter.submit("work", hold="look", any_kind=True).task_id
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(arbiter.wait, task_id, 30)
        with pytest.raises(TimeoutError):
            waiting.result(0.2)
        arbiter.stop()
        with pytest.raises(ArbiterError) as no:
            waiting.result(5)
    assert no.value.code == "stopped"


def test_callers_during_the_end_get_an_answer_each(connected):
    arbiter = connected()
    arbiter.agent("a", kinds="work")(lambda task: None)
    arbiter.start()

    def submit(_):
        try:
            return arbiter.submit("work").status
        except ArbiterError as no:
            return no.code

    with ThreadPoolExecutor(16) as pool:
        answers = [pool.submit(submit, n) for n in range(400)]
        answers[50].result(10)
        arbiter.stop(drain=0)
        codes = {answer.result(10) for answer in answers}
    assert codes == {"queued", "stopped"}


def test_a_context_manager_stops_at_the_end(database):
    with connect(dsn=database.dsn) as arbiter:
        arbiter.agent("a", kinds="work")(lambda task: None)
        arbiter.start()
        assert arbiter.wait(arbiter.submit("work").task_id, 5).status == "completed"
    eventually(lambda: not our_threads())
    with pytest.raises(ArbiterError):
        arbiter.submit("work")


def test_the_error_inside_comes_out(database):
    def use():
        with connect(dsn=database.dsn) as arbiter:
            arbiter.submit("work", any_kind=True)
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        use()


def test_two_in_one_process_keep_apart(connected):
    one, two = connected(queues=("one",)), connected(queues=("two",))
    for name, arbiter in (("one", one), ("two", two)):
        arbiter.agent(name, kinds="work")(lambda task: task.agent)
        arbiter.start()
    first = one.submit("work", queue="two").task_id
    second = two.submit("work", queue="one").task_id
    assert one.wait(first, 5).result == "two"
    one.stop()
    assert two.status(second).kind == "work"
    assert two.wait(two.submit("work", queue="two").task_id, 5).result == "two"


def test_declaring_twice_or_late_is_refused(arbiter):
    arbiter.agent("a", kinds="work")(lambda task: None)
    with pytest.raises(ArbiterError, match="declared twice"):
        arbiter.agent("a", kinds="other")(lambda task: None)
    arbiter.start()
    with pytest.raises(ArbiterError, match="before start"):
        arbiter.agent("b", kinds="other")(lambda task: None)
    arbiter.start()  # again is once


def test_hosting_nothing_is_refused(arbiter):
    with pytest.raises(ArbiterError, match="nothing to host"):
        arbiter.start()


def test_an_unknown_kind_is_refused_with_the_nearest_one(connected):
    arbiter, other = connected(), connected()
    arbiter.agent("a", kinds={"code-review", "translate"})(lambda task: None)
    with pytest.raises(ArbiterError, match="did you mean 'code-review'") as no:
        arbiter.submit("code-revew")
    assert no.value.code == "unknown_kind"
    with pytest.raises(ArbiterError, match="0 kinds are known"):
        other.submit("code-review")
    arbiter.start()
    assert other.submit("code-review").status == "queued"
    assert other.submit("anything", any_kind=True).status == "queued"


def test_a_blocking_call_from_a_coroutine_handler_is_refused_clearly(arbiter):
    async def handler(task):
        arbiter.submit("work")

    arbiter.agent("a", kinds="work", retry=RetryPolicy(max_attempts=1))(handler)
    arbiter.start()
    parked = arbiter.wait(arbiter.submit("work").task_id, 5)
    assert parked.status == "failed"
    assert "arbiter.aio" in parked.error.message


def test_a_blocking_call_from_a_def_handler_works(arbiter):
    def parent(task):
        child = arbiter.submit("child", task.payload, parent=task.id)
        return arbiter.wait(child.task_id, 5).result

    arbiter.agent("parent", kinds="parent")(parent)
    arbiter.agent("child", kinds="child")(lambda task: [task.payload])
    arbiter.start()
    assert arbiter.wait(arbiter.submit("parent", 1).task_id, 5).result == [1]


async def test_a_coroutine_handler_may_use_its_own_door(database):
    async with aio.connect(dsn=database.dsn, poll_seconds=600) as arbiter:

        @arbiter.agent("parent", kinds="parent")
        async def parent(task):
            child = await arbiter.submit("child", task.payload)
            return (await arbiter.wait(child.task_id, 5)).result

        @arbiter.agent("child", kinds="child")
        async def child(task):
            return [task.payload]

        await arbiter.start()
        submitted = await arbiter.submit("parent", 1)
        assert (await arbiter.wait(submitted.task_id, 5)).result == [1]


async def test_a_caller_who_gives_up_does_not_take_the_command_back(database):
    async with aio.connect(dsn=database.dsn) as arbiter:
        await arbiter.submit("work", any_kind=True)
        keys = [f"key-{n}" for n in range(30)]
        callers = [
            asyncio.ensure_future(arbiter.submit("work", any_kind=True, idempotency_key=key))
            for key in keys
        ]
        await asyncio.sleep(0)
        for caller in callers:
            caller.cancel()
        answers = await asyncio.gather(*callers, return_exceptions=True)
        assert all(isinstance(answer, asyncio.CancelledError) for answer in answers)
        again = [await arbiter.submit("work", any_kind=True, idempotency_key=key) for key in keys]
        assert all(answer.repeated for answer in again)


def test_an_async_door_serves_several_loops(database):
    arbiter = aio.connect(dsn=database.dsn)

    async def submit():
        return (await arbiter.submit("work", any_kind=True)).status

    assert [asyncio.run(submit()) for _ in range(3)] == ["queued"] * 3
    asyncio.run(arbiter.stop())
    eventually(lambda: not our_threads())


def test_threads_share_one_arbiter(arbiter):
    arbiter.agent("a", kinds="work", concurrency=10)(lambda task: task.payload)
    arbiter.start()

    def do(number):
        return arbiter.wait(arbiter.submit("work", number).task_id, 20).result

    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(do, range(300))) == list(range(300))
