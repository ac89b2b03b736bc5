"""Calls each listener on a thread of its own: a slow or failing one reaches nobody but itself."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from queue import SimpleQueue
from typing import Any
from uuid import UUID

import msgspec

from arbiter.application.ports import Recorded
from arbiter.domain.errors import InvalidInput
from arbiter.domain.facts import Fact
from arbiter.domain.facts.lifecycle import TaskFact

log = logging.getLogger(__name__)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What a listener is given: a fact from the log, or a notice about this process."""

    topic: str
    at: datetime
    task_id: UUID | None = None
    position: int | None = None
    fact: Fact | None = None
    """The fact itself; None for a notice."""

    data: dict[str, Any] = {}
    """What a notice says; empty for a fact."""


Listener = Callable[[Event], object]


def event_of(recorded: Recorded) -> Event:
    """Tell a fact as an event."""
    fact = recorded.fact
    return Event(
        topic=fact.topic,
        at=fact.at,
        task_id=fact.task_id if isinstance(fact, TaskFact) else None,
        position=recorded.position,
        fact=fact,
    )


class Ear:
    """One listener, called in order on a thread of its own, which starts with the first event."""

    def __init__(self, listener: Listener) -> None:
        """Nothing is heard yet."""
        self._listener = listener
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._deaf = False

    def hear(self, events: Sequence[Event]) -> None:
        """Call the listener with each event, soon."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="arbiter listener", daemon=True)
            self._thread.start()
        for event in events:
            self._events.put(event)

    def end(self) -> None:
        """Call it no more, not even with what is in line."""
        self._deaf = True
        self._events.put(None)

    def finish(self) -> None:
        """Call it no more after what is in line."""
        self._events.put(None)

    def join(self, seconds: float) -> None:
        """Wait until the line is done, but not for ourselves."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(seconds)

    def _run(self) -> None:
        while (event := self._events.get()) is not None and not self._deaf:
            try:
                self._listener(event)
            except (Exception, SystemExit, KeyboardInterrupt):
                log.exception("the listener %r failed on %s", self._listener, event.topic)


class Listeners:
    """Everybody who listens in this process: a slow or failing one reaches nobody but itself."""

    def __init__(self) -> None:
        """Nobody listens."""
        self._ears: set[Ear] = set()

    def add(self, listener: Listener) -> Ear:
        """Let one more listen."""
        ear = Ear(listener)
        self._ears.add(ear)
        return ear

    def remove(self, ear: Ear) -> None:
        """Let one listen no more."""
        self._ears.discard(ear)
        ear.end()

    def close(self, seconds: float = 5.0) -> None:
        """Call nobody any more; what is in line is still delivered, to those who do not take too long."""
        ears, self._ears = self._ears, set()
        deadline = time.monotonic() + seconds
        for ear in ears:
            ear.finish()
        for ear in ears:
            ear.join(max(0.0, deadline - time.monotonic()))


def at_home(listener: Callable[[Event], Any]) -> Listener:
    """Let an `async def` listener run on the loop of who adds it; each event waits for the one before.

    Raises InvalidInput where no loop runs.
    """
    if not inspect.iscoroutinefunction(listener):
        return listener
    try:
        home = asyncio.get_running_loop()
    except RuntimeError:
        raise InvalidInput(
            "listener", "a coroutine function needs a loop to run on", "add it with arbiter.aio"
        ) from None

    def call(event: Event) -> None:
        if not home.is_closed():
            asyncio.run_coroutine_threadsafe(listener(event), home).result()

    return call
