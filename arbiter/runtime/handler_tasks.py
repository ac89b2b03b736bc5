"""The loop's tasks that handlers run in: a handler that never waits leaves its task to the next one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import copy_context

from arbiter.application.ports import Scheduler
from arbiter.runtime.execution import Execution


class HandlerTasks:
    """Runs coroutine handlers, each in a task that is its own from its first wait on.

    A task of the loop costs more than a handler that ends at once. So handlers stand in a line, and a
    task takes one after the other; the first that waits keeps it, and another task goes on with the line.
    No handler sees what another left behind: changed context variables or a cancellation end the task.
    """

    def __init__(self, scheduler: Scheduler, run: Callable[[Execution], Awaitable[None]]) -> None:
        """`run` runs one handler to its end, and raises nothing."""
        self._scheduler, self._run = scheduler, run
        self._line: deque[Execution] = deque()
        self._serving: object | None = None
        """Whose turn it is to take from the line: a task's, until it waits."""

        self._begun: Awaitable[None] | None = None

    def put(self, execution: Execution) -> None:
        """Run a handler soon."""
        self._line.append(execution)
        if self._serving is None:
            self._begin()

    def _begin(self) -> None:
        self._serving = mark = object()
        self._begun = self._scheduler.start(self._serve(mark), name="arbiter handlers")

    async def _serve(self, mark: object) -> None:
        task, clean = asyncio.current_task(), copy_context()
        assert task is not None, "a coroutine that was started runs in a task"
        asyncio.get_running_loop().call_soon(self._leave, mark)
        while self._serving is mark and self._line:
            execution = self._line.popleft()
            execution.runner = task
            await self._run(execution)
            execution.runner = None
            if task.cancelling() or copy_context() != clean:
                break
        clean.run(self._leave, mark)

    def _leave(self, mark: object) -> None:
        """The task has ended or waits: another one goes on with the line."""
        if self._serving is mark:
            self._serving = None
            if self._line:
                self._begin()
