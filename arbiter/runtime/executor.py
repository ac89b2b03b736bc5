"""Runs handlers: in a thread, on the loop, or in a process of their own; and stops them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol

from arbiter.application.ports import Clock, Scheduler
from arbiter.runtime.execution import (
    Declined,
    Execution,
    HandedOver,
    Outcome,
    Raised,
    Returned,
    Stopped,
    failure_of,
)
from arbiter.runtime.handler_tasks import HandlerTasks
from arbiter.runtime.isolation import HandlerFailed, ProcessDied
from arbiter.runtime.running import AsyncRunningTask, RunningTask, Stopping


class Reports(Protocol):
    """Where a running handler's news go."""

    async def save(self, execution: Execution, progress: Any) -> None:
        """Append a checkpoint."""
        ...

    async def use(self, execution: Execution, used: dict[str, Any]) -> None:
        """Append a report of usage."""
        ...

    def timed_out(self, execution: Execution, limit: str) -> None:
        """A time limit of the attempt has passed."""
        ...

    def done(self, execution: Execution, outcome: Outcome) -> None:
        """The handler has really stopped."""
        ...


Isolated = Callable[[Execution, RunningTask], Awaitable[Any]]
"""Runs a handler in a process of its own; raises what it raised, or ProcessDied."""


class Executor:
    """Runs one handler per execution and reports once when it has really stopped."""

    def __init__(
        self, clock: Clock, scheduler: Scheduler, reports: Reports, isolated: Isolated
    ) -> None:
        """Nothing runs yet."""
        self._clock, self._scheduler = clock, scheduler
        self._reports, self._isolated = reports, isolated
        self._handlers = HandlerTasks(scheduler, self._run)

    def start(self, execution: Execution) -> None:
        """Begin to run the handler."""
        self._set_alarms(execution)
        if execution.agent.is_async and not execution.is_isolated:
            self._handlers.put(execution)
            return
        execution.runner = asyncio.ensure_future(
            self._scheduler.start(self._run(execution), name="arbiter task")
        )

    def stop(self, execution: Execution) -> None:
        """Tell the handler to stop: coroutines are cancelled, processes killed, threads asked."""
        execution.disarm()
        execution.stop.set()
        can_be_cancelled = execution.agent.is_async or execution.is_isolated
        if execution.runner is not None and execution.entered and can_be_cancelled:
            execution.runner.cancel()

    async def _run(self, execution: Execution) -> None:
        execution.entered = True
        try:
            if execution.stop.is_set():
                raise Stopping  # noqa: TRY301 - told before it could begin
            outcome = _outcome(await self._call(execution))
        except (asyncio.CancelledError, Stopping):
            outcome = Stopped()
        except HandlerFailed as failed:
            outcome = Raised(failed.failure)
        except ProcessDied as died:
            outcome = Raised(
                failure_of(died, "worker_lost" if execution.task.alone else "exception")
            )
        except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001
            outcome = Raised(failure_of(error))  # whatever a handler raises is the attempt's error
        execution.disarm()
        self._reports.done(execution, outcome)

    def _call(self, execution: Execution) -> Awaitable[Any]:
        voice = _OnLoop(execution, self._clock, self._reports)
        assignment, stop = execution.assignment, execution.stop
        if execution.agent.is_async and not execution.is_isolated:
            awaited: Awaitable[Any] = execution.agent.handler(
                AsyncRunningTask(assignment, stop, voice)
            )
            return awaited
        task = RunningTask(assignment, stop, _FromThread(voice, asyncio.get_running_loop()))
        if execution.is_isolated:
            return self._isolated(execution, task)
        return self._scheduler.in_thread(execution.agent.handler, task)

    def _set_alarms(self, execution: Execution) -> None:
        task = execution.task
        if task.deadline is not None:
            left = (task.deadline - self._clock.now()).total_seconds()
            limit = _which(execution)
            execution.alarms.append(
                self._scheduler.call_later(
                    max(left, 0.0), partial(self._reports.timed_out, execution, limit)
                )
            )
        if task.limits.heartbeat is not None:
            self._watch_heartbeat(execution, task.limits.heartbeat)

    def _watch_heartbeat(self, execution: Execution, limit: float) -> None:
        silent = self._clock.monotonic() - execution.last_beat
        if silent >= limit:
            self._reports.timed_out(execution, "heartbeat")
            return
        execution.alarms.append(
            self._scheduler.call_later(
                limit - silent, partial(self._watch_heartbeat, execution, limit)
            )
        )


class _OnLoop:
    """Carries what a handler on the worker's loop says."""

    __slots__ = ("_clock", "_execution", "_reports")

    def __init__(self, execution: Execution, clock: Clock, reports: Reports) -> None:
        self._execution, self._clock, self._reports = execution, clock, reports

    def beat(self) -> None:
        self._execution.last_beat = self._clock.monotonic()

    async def save(self, progress: Any) -> None:
        await self._reports.save(self._execution, progress)

    async def use(self, used: dict[str, Any]) -> None:
        await self._reports.use(self._execution, used)

    def rate(self, quality: float) -> None:
        self._execution.quality = quality


class _FromThread:
    """Carries what a handler in a thread says, which waits until it is durable."""

    def __init__(self, voice: _OnLoop, loop: asyncio.AbstractEventLoop) -> None:
        self._voice, self._loop = voice, loop
        self.beat, self.rate = voice.beat, voice.rate

    def save(self, progress: Any) -> None:
        asyncio.run_coroutine_threadsafe(self._voice.save(progress), self._loop).result()

    def use(self, used: dict[str, Any]) -> None:
        asyncio.run_coroutine_threadsafe(self._voice.use(used), self._loop).result()


def _outcome(value: Any) -> Outcome:
    return value if isinstance(value, HandedOver | Declined) else Returned(value)


def _which(execution: Execution) -> str:
    """Tell which limit the deadline comes from."""
    task = execution.task
    close = task.limits.start_to_close
    if close is None or task.started_at is None or task.deadline is None:
        return "total"
    return (
        "start_to_close" if (task.deadline - task.started_at).total_seconds() >= close else "total"
    )
