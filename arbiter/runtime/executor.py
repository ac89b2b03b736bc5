"""Runs handlers: in a thread, on the loop, or in a process of their own; and stops them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol

from arbiter.application.ports import Clock, Scheduler
from arbiter.runtime.execution import Execution, Outcome, Raised, Returned, Stopped, failure_of
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

    def start(self, execution: Execution) -> None:
        """Begin to run the handler."""
        self._set_alarms(execution)
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
            outcome: Outcome = Returned(await self._call(execution))
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

    async def _call(self, execution: Execution) -> Any:
        if execution.is_isolated:
            return await self._isolated(execution, self._for_thread(execution))
        if execution.agent.is_async:
            return await execution.agent.handler(self._for_loop(execution))
        return await self._scheduler.in_thread(execution.agent.handler, self._for_thread(execution))

    def _for_loop(self, execution: Execution) -> AsyncRunningTask:
        return AsyncRunningTask(
            execution.assignment,
            execution.stop,
            partial(self._beat, execution),
            partial(self._reports.save, execution),
            partial(self._reports.use, execution),
        )

    def _for_thread(self, execution: Execution) -> RunningTask:
        loop = asyncio.get_running_loop()

        def wait_for(report: Callable[[Execution, Any], Awaitable[None]], said: Any) -> None:
            async def told() -> None:
                await report(execution, said)

            asyncio.run_coroutine_threadsafe(told(), loop).result()

        return RunningTask(
            execution.assignment,
            execution.stop,
            partial(self._beat, execution),
            partial(wait_for, self._reports.save),
            partial(wait_for, self._reports.use),
        )

    def _beat(self, execution: Execution) -> None:
        execution.last_beat = self._clock.monotonic()

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


def _which(execution: Execution) -> str:
    """Tell which limit the deadline comes from."""
    task = execution.task
    close = task.limits.start_to_close
    if close is None or task.started_at is None or task.deadline is None:
        return "total"
    return (
        "start_to_close" if (task.deadline - task.started_at).total_seconds() >= close else "total"
    )
