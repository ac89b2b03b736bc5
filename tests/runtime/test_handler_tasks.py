"""Handlers that never wait share a task of the loop, and notice nothing of it."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import pytest

from arbiter.runtime.handler_tasks import HandlerTasks
from arbiter.runtime.scheduler import AsyncioScheduler

WORD: ContextVar[str] = ContextVar("WORD", default="clean")


class Handler:
    """Stands for an execution: what it does, and the task it runs in."""

    def __init__(self, does) -> None:
        self.does, self.runner, self.ran_in = does, None, None
        self.over = asyncio.Event()


async def run(handler: Handler) -> None:
    handler.ran_in = asyncio.current_task()
    assert handler.runner is handler.ran_in
    try:
        await handler.does()
    except (asyncio.CancelledError, TimeoutError) as error:
        handler.raised = error
    handler.over.set()


@pytest.fixture
def tasks():
    return HandlerTasks(AsyncioScheduler(), run)


async def served(tasks, *handlers):
    for handler in handlers:
        tasks.put(handler)
    async with asyncio.timeout(10):
        for handler in handlers:
            await handler.over.wait()


async def nothing():
    """End at once."""


@pytest.mark.asyncio
async def test_those_that_end_at_once_share_a_task_and_keep_their_order(tasks):
    order = []

    def saying(number):
        async def say():
            order.append(number)

        return say

    handlers = [Handler(saying(number)) for number in range(20)]
    await served(tasks, *handlers)
    assert order == list(range(20))
    assert len({handler.ran_in for handler in handlers}) == 1
    assert all(handler.runner is None for handler in handlers)


@pytest.mark.asyncio
async def test_one_that_waits_keeps_its_task_and_holds_up_nobody(tasks):
    go_on = asyncio.Event()
    waiting, quick, late = Handler(go_on.wait), Handler(nothing), Handler(nothing)
    tasks.put(waiting)
    await served(tasks, quick)
    assert quick.ran_in is not waiting.ran_in
    assert not waiting.over.is_set()
    go_on.set()
    await waiting.over.wait()
    await served(tasks, late)
    assert late.ran_in is not waiting.ran_in


@pytest.mark.asyncio
async def test_cancelling_one_that_waits_cancels_no_other(tasks):
    waiting = [Handler(asyncio.Event().wait) for _ in range(3)]
    go_on = asyncio.Event()
    other = Handler(go_on.wait)
    for handler in (waiting[0], other, *waiting[1:]):
        tasks.put(handler)
    await served(tasks, Handler(nothing))
    for handler in waiting:
        handler.runner.cancel()
    go_on.set()
    await other.over.wait()
    assert not hasattr(other, "raised")
    assert all(isinstance(each.raised, asyncio.CancelledError) for each in waiting)


@pytest.mark.asyncio
async def test_a_time_limit_inside_a_handler_bears_on_that_handler_alone(tasks):
    async def impatient():
        async with asyncio.timeout(0):
            await asyncio.Event().wait()

    first, hurt, last = Handler(nothing), Handler(impatient), Handler(nothing)
    await served(tasks, first, hurt, last)
    assert isinstance(hurt.raised, TimeoutError)
    assert not hasattr(first, "raised")
    assert not hasattr(last, "raised")


@pytest.mark.asyncio
async def test_what_one_leaves_in_its_context_the_next_does_not_see(tasks):
    seen = []

    async def leave():
        seen.append(WORD.get())
        WORD.set("dirty")

    await served(tasks, *(Handler(leave) for _ in range(5)))
    assert seen == ["clean"] * 5


@pytest.mark.asyncio
async def test_a_handler_that_cancels_its_own_task_hurts_nobody_after_it(tasks):
    async def cancel_myself():
        asyncio.current_task().cancel()

    after = [Handler(asyncio.Event().wait), Handler(nothing)]
    tasks.put(Handler(cancel_myself))
    tasks.put(after[0])
    await served(tasks, after[1])
    assert not after[0].over.is_set()
    after[0].runner.cancel()
    await after[0].over.wait()
