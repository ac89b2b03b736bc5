"""One thread with one asyncio loop, where all of Arbiter's input and output happens; and the way in."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from arbiter.domain.errors import Stopped
from arbiter.runtime.event_loop import new_loop

T = TypeVar("T")
Answer = Callable[[Any, BaseException | None], None]
"""Takes a value, or an error."""

Begin = Callable[[Answer], Coroutine[Any, Any, Any] | None]
"""Begins some work: what is to be awaited for the answer, or nothing if the answer will be called."""

OVER = "this Arbiter has been stopped; connect() again"
ROUNDS, ROUND_SECONDS = 4, 0.5


class Engine:
    """Starts its thread at first use; calls that come together cross over together.

    Crossing between threads wakes the other one, which costs more than a command does; so calls are
    laid into a line and the loop is woken once for all that stand in it, and answers for a caller's loop
    go back the same way.
    """

    def __init__(self) -> None:
        """Start nothing."""
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._line: deque[tuple[Begin, Answer]] = deque()
        self._called = False
        self._ended = False
        self._process = os.getpid()
        self._working: dict[asyncio.Task[None], Answer] = {}

    @property
    def is_running(self) -> bool:
        """The thread runs, in this process."""
        return self._thread is not None and self._process == os.getpid()

    def call(self, begin: Begin) -> Any:
        """Run work on the loop and wait for it, from any other thread."""
        future: Future[Any] = Future()
        if threading.current_thread() is self._thread:
            raise RuntimeError(
                "a blocking call from Arbiter's own loop would wait for itself; use arbiter.aio there"
            )

        def answer(value: Any, error: BaseException | None) -> None:
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(value)

        self._send(begin, answer)
        return future.result()

    def acall(self, begin: Begin) -> asyncio.Future[Any]:
        """Run work on the loop; the future belongs to the caller's loop. Cancelling it cancels no work."""
        home = asyncio.get_running_loop()
        future: asyncio.Future[Any] = home.create_future()
        answers = _answers_of(home)

        def answer(value: Any, error: BaseException | None) -> None:
            answers.put(future, value, error)

        self._send(begin, answer)
        return future

    def soon(self, call: Callable[[], object]) -> None:
        """Make a plain call on the loop soon, if it runs; from anywhere, a signal's handler included."""
        loop = self._loop
        if loop is not None and self.is_running:
            with suppress(RuntimeError):  # it closes just now
                loop.call_soon_threadsafe(call)

    def _send(self, begin: Begin, answer: Answer) -> None:
        loop = self._running()
        self._line.append((begin, answer))
        if self._ended:  # between the two lines above; nobody else may look at the line again
            self._refuse_all()
        elif not self._called:
            self._called = True
            with suppress(RuntimeError):  # it closes just now, and refuses who stands in line
                loop.call_soon_threadsafe(self._let_in)

    def _refuse_all(self) -> None:
        with suppress(IndexError):
            while True:
                _, answer = self._line.popleft()
                answer(None, Stopped(OVER))

    def _let_in(self) -> None:
        self._called = False
        while self._line:
            begin, answer = self._line.popleft()
            try:
                work = begin(answer)
            except Exception as error:  # noqa: BLE001 - the caller gets it
                answer(None, error)
                continue
            if work is not None:
                task = asyncio.get_running_loop().create_task(_answered(work, answer))
                self._working[task] = answer
                task.add_done_callback(self._working.pop)

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is not None and self._process == os.getpid():
            return self._loop
        with self._starting:
            if self._ended:
                raise Stopped(OVER)
            if self._loop is None:
                self._process = os.getpid()
                self._start()
            elif self._process != os.getpid():
                raise Stopped(
                    "this Arbiter was used before a fork; call connect() again in the child process"
                )
            assert self._loop is not None, "the loop has just been started"
            return self._loop

    def _start(self) -> None:
        loop = new_loop()
        self._thread = threading.Thread(
            target=self._run, args=(loop,), name="arbiter engine", daemon=True
        )
        self._thread.start()
        self._loop = loop

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            loop.run_until_complete(_cancel_all())
        finally:
            self._ended = True
            loop.close()
            for task, answer in self._working.items():
                if not task.done():  # it would not be cancelled
                    answer(None, Stopped(OVER))
            self._refuse_all()

    def close(self) -> None:
        """End the thread; work that is still under way is cancelled."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None or self._process != os.getpid():
            return
        with suppress(RuntimeError):  # another one has closed it
            loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        self._loop = self._thread = None


async def _cancel_all() -> None:
    """Cancel what is left, and what that begins in turn; give up on what does not listen."""
    for _ in range(ROUNDS):
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        if not rest:
            return
        for task in rest:
            task.cancel()
        await asyncio.wait(rest, timeout=ROUND_SECONDS)


async def _answered(work: Coroutine[Any, Any, Any], answer: Answer) -> None:
    try:
        value = await work
    except asyncio.CancelledError:
        answer(None, Stopped(OVER))
        raise
    except Exception as error:  # noqa: BLE001 - the caller gets it
        answer(None, error)
    else:
        answer(value, None)


class _Answers:
    """Answers on their way to one caller's loop: it is woken once for all that have come."""

    def __init__(self, home: asyncio.AbstractEventLoop) -> None:
        self._home = home
        self._line: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._called = False

    def put(self, future: asyncio.Future[Any], value: Any, error: BaseException | None) -> None:
        self._line.append((future, value, error))
        if not self._called:
            self._called = True
            try:
                self._home.call_soon_threadsafe(self._give)
            except RuntimeError:  # the caller's loop is closed: nobody waits
                self._line.clear()

    def _give(self) -> None:
        self._called = False
        while self._line:
            future, value, error = self._line.popleft()
            if future.done():
                continue
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(value)


def _answers_of(home: asyncio.AbstractEventLoop) -> _Answers:
    answers = getattr(home, "_arbiter_answers", None)
    if not isinstance(answers, _Answers):
        answers = _Answers(home)
        try:
            home._arbiter_answers = answers  # type: ignore[attr-defined]  # noqa: SLF001
        except AttributeError:
            return _Answers(home)  # a loop written in C takes no attribute: answers come one by one
    return answers
