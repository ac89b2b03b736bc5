"""Runs a handler in a process of its own, which can be killed and can die alone."""

from __future__ import annotations

import asyncio
import atexit
import multiprocessing
import os
import signal
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, cast

from arbiter.application.ports import Scheduler
from arbiter.domain.errors import ArbiterError
from arbiter.runtime.execution import Execution, failure_of
from arbiter.runtime.hosted import Handler, is_async
from arbiter.runtime.running import Assignment, AsyncRunningTask, RunningTask, StopFlag

_spawn = multiprocessing.get_context("spawn")


class ProcessDied(Exception):
    """The handler's process ended without an answer."""


class HandlerFailed(Exception):
    """The handler raised an error in its own process; carries what is known of it."""

    def __init__(self, failure: Any) -> None:
        """Keep the failure as the process described it."""
        self.failure = failure
        super().__init__(failure.message)


class Processes:
    """Runs handlers in processes, one each."""

    def __init__(self, scheduler: Scheduler) -> None:
        """The scheduler's threads wait for the processes."""
        self._scheduler = scheduler

    async def run(self, execution: Execution, task: RunningTask) -> Any:
        """Return what the handler returns; cancelling kills the process and all it started.

        Raises HandlerFailed, ProcessDied.
        """
        ours, theirs = _spawn.Pipe()
        process = _spawn.Process(
            target=_in_the_process,
            args=(theirs, execution.agent.handler, execution.assignment),
            daemon=False,
            name=f"arbiter {execution.agent.name}",
        )
        talk = asyncio.ensure_future(self._scheduler.in_thread(_talk, process, ours, theirs, task))
        try:
            return await asyncio.shield(talk)
        except asyncio.CancelledError:
            execution.stop.set()
            await _end(process, talk)
            raise


async def _end(process: Any, talk: asyncio.Future[Any]) -> None:
    """Kill the process and wait for its end, however often we are told to hurry."""
    while not talk.done():
        _kill(process)
        with suppress(asyncio.CancelledError):
            await asyncio.wait([talk])
    if not talk.cancelled():
        talk.exception()  # nobody wants to hear it


def _talk(process: Any, ours: Connection, theirs: Connection, task: RunningTask) -> Any:
    """Start the process and hear it out (in a thread of the worker)."""
    try:
        process.start()
    except Exception as error:
        raise TypeError(
            "a handler that runs in a process of its own must be importable by name"
            f" (a function at the top of a module): {error}"
        ) from error
    theirs.close()
    _alive.add(process)
    if task.stopping:  # there was nothing to kill yet
        _kill(process)
    try:
        while True:
            word, said = ours.recv()
            match word:
                case "result":
                    return said
                case "error":
                    raise HandlerFailed(said)
                case _:
                    _pass_on(word, said, ours, task)
    except (EOFError, OSError):
        process.join(5)
        raise ProcessDied(_how(process.exitcode)) from None
    finally:
        ours.close()
        _kill(process)
        process.join(5)
        _alive.discard(process)


def _pass_on(word: str, said: Any, ours: Connection, task: RunningTask) -> None:
    match word:
        case "beat":
            task.heartbeat()
        case "quality":
            task.report_quality(said)
        case "checkpoint":
            ours.send(_answer(lambda: task.checkpoint(said)))
        case "usage":
            ours.send(_answer(lambda: task.report_usage(**said)))


def _answer(call: Any) -> Exception | None:
    try:
        call()
    except ArbiterError as no:  # the handler's process raises it in turn
        return no
    except Exception as no:  # noqa: BLE001 - the same, but it may not be able to cross
        return RuntimeError(str(no))
    return None


def _how(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"the handler's process was ended by {signal.Signals(-exitcode).name}"
    return f"the handler's process ended with exit code {exitcode} and no result"


def _kill(process: Any) -> None:
    """Kill the process with everything it started: it leads a group of its own."""
    if process.pid is None or not process.is_alive():
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()


_alive: set[Any] = set()


@atexit.register
def _kill_all() -> None:
    """Leave nothing behind; the interpreter would wait for them (this comes before it does)."""
    for process in list(_alive):
        _kill(process)


def _in_the_process(pipe: Connection, handler: Handler, assignment: Assignment) -> None:
    """Run the handler and answer through the pipe; end when the worker is gone."""
    os.setpgid(0, 0)
    line = _Line(pipe)
    try:
        pipe.send(("result", _call(handler, assignment, line)))
    except Exception as error:  # noqa: BLE001 - the worker reports it
        pipe.send(("error", failure_of(error)))


def _call(handler: Handler, assignment: Assignment, line: _Line) -> Any:
    stop = StopFlag()
    if not is_async(handler):
        return handler(RunningTask(assignment, stop, line))
    running = AsyncRunningTask(assignment, stop, _AsyncLine(line))
    return asyncio.run(cast("Any", handler(running)))


class _Line:
    """The handler's side of the pipe; a thread listens, so that the worker's end ends us."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._answers: list[Exception | None] = []
        self._answered = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def beat(self) -> None:
        with self._answered:  # one word at a time, whichever thread says it
            self._pipe.send(("beat", None))

    def rate(self, quality: float) -> None:
        with self._answered:
            self._pipe.send(("quality", quality))

    def save(self, progress: Any) -> None:
        self._ask("checkpoint", progress)

    def use(self, used: dict[str, Any]) -> None:
        self._ask("usage", used)

    def _ask(self, word: str, said: Any) -> None:
        with self._answered:
            self._pipe.send((word, said))
            self._answered.wait_for(lambda: self._answers)
            no = self._answers.pop()
        if no is not None:
            raise no

    def _listen(self) -> None:
        while True:
            try:
                answer = self._pipe.recv()
            except (EOFError, OSError):
                os._exit(70)  # the worker is gone: nobody wants the result
            with self._answered:
                self._answers.append(answer)
                self._answered.notify_all()


class _AsyncLine:
    """The same for a coroutine; nothing else runs on its loop, so it may wait there."""

    def __init__(self, line: _Line) -> None:
        self._line = line
        self.beat, self.rate = line.beat, line.rate

    async def save(self, progress: Any) -> None:
        self._line.save(progress)

    async def use(self, used: dict[str, Any]) -> None:
        self._line.use(used)
