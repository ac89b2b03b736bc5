"""An agent that is a program: one process per attempt, JSON in, JSON out."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NoReturn

from arbiter.application.payloads import PAYLOAD_LIMIT, clean_text
from arbiter.application.remote.answer import ROOM, Answer, read_answer
from arbiter.domain import facts as f
from arbiter.domain.errors import InvalidInput
from arbiter.runtime.isolation import HandlerFailed
from arbiter.runtime.running import AsyncRunningTask
from arbiter.runtime.threads import DaemonThreads
from arbiter.runtime.transports.child import Child, Ended
from arbiter.runtime.transports.document import document
from arbiter.runtime.transports.remote import Surroundings, deliver

log = logging.getLogger(__name__)
OURS = "ARBITER_"
"""Variables of this prefix stay with the worker: they may hold the password of its database."""


class CommandAgent:
    """Runs its program for each attempt, without a shell, and kills all of it when the attempt is over."""

    def __init__(
        self,
        transport: f.Transport,
        *,
        concurrency: int,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start nothing. `environment` is added to the worker's own, from which ARBITER_* is left out."""
        self._transport, self._environment = transport, dict(environment or {})
        self._most = PAYLOAD_LIMIT + ROOM
        self._concurrency = concurrency
        self._threads: DaemonThreads | None = None

    def __reduce__(self) -> NoReturn:
        """Stay in the worker's process, also where a handler would be put into one of its own."""
        raise TypeError("an agent that is a program has a process of its own already")

    def bind(self, around: Surroundings) -> None:
        """Take over the limits of the worker that hosts it."""
        self._most = around.result_limit + ROOM
        self._threads = DaemonThreads(self._concurrency, f"arbiter {self._transport.command[0]}")

    async def __call__(self, task: AsyncRunningTask) -> Any:
        """Return what the program answers; cancelling ends it and waits until it has ended."""
        child = Child(
            self._transport.command,
            document(task),
            most=self._most,
            directory=self._transport.directory,
            environment=self._inherited(task),
        )
        running = asyncio.get_running_loop().run_in_executor(self._threads, child.run)
        try:
            ended = await self._in_time(child, running)
        except asyncio.CancelledError:
            await _gone(child, running)
            raise
        except OSError as no:
            raise HandlerFailed(_not_started(self._transport, no)) from None
        return await deliver(task, self._answer(ended))

    async def _in_time(self, child: Child, running: asyncio.Future[Ended]) -> Ended:
        limit = self._transport.timeout_seconds
        done, _ = await asyncio.wait([running], timeout=limit)
        if not done:
            await _gone(child, running)
            message = f"{self._transport.command[0]} took longer than {limit:g} s"
            raise HandlerFailed(_failure("TimedOut", message, ""))
        return running.result()

    def _inherited(self, task: AsyncRunningTask) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        trace = {"TRACEPARENT": task.trace} if task.trace is not None else {}
        return kept | trace | self._environment

    def _answer(self, ended: Ended) -> Answer:
        program, tail = self._transport.command[0], _text(ended.tail)
        if ended.is_too_long:
            message = f"{program} wrote more than {self._most:,} bytes to its standard output"
            raise HandlerFailed(_failure("AnswerTooLong", message, tail))
        try:
            answer = read_answer(ended.output)
        except InvalidInput as no:
            if ended.code == 0:
                raise HandlerFailed(
                    _failure("InvalidAnswer", f"{program}: {no}", tail or _text(ended.output))
                ) from None
            answer = None
        if ended.code != 0 and (answer is None or answer.error is None):
            raise HandlerFailed(_failure(*_end_of(program, ended.code), tail))
        assert answer is not None, "an exit code of 0 has an answer"
        return answer

    async def close(self) -> None:
        """Let go of idle threads."""
        if self._threads is not None:
            self._threads.shutdown(wait=False)
            self._threads = None


async def _gone(child: Child, running: asyncio.Future[Any]) -> None:
    """Stop the program and wait for its end, however often we are told to hurry."""
    while not running.done():
        child.stop()
        with suppress(asyncio.CancelledError):
            await asyncio.wait([running])
    if not running.cancelled():
        running.exception()  # nobody wants to hear it


def _end_of(program: str, code: int) -> tuple[str, str]:
    if code >= 0:
        return f"Exit{code}", f"{program} ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"SIG{-code}"
    return name, f"{program} was ended by {name}"


def _not_started(transport: f.Transport, no: OSError) -> f.Failure:
    program = transport.command[0]
    place = f" in {transport.directory}" if transport.directory is not None else ""
    message = f"{program} cannot be started{place}: {no.strerror or no}"
    return _failure(type(no).__name__, message, "")


def _failure(kind: str, message: str, detail: str) -> f.Failure:
    return f.Failure(
        kind="exception", type=kind, message=clean_text(message), detail=clean_text(detail)
    )


def _text(said: bytes) -> str:
    return said.decode("utf-8", "replace")
