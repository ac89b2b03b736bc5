"""Calls listeners on a thread of their own: a slow or failing one reaches nobody but itself."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from queue import SimpleQueue
from typing import Any
from uuid import UUID

import msgspec

from arbiter.application.ports import Recorded
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


class Listeners:
    """One thread that calls them in order; started with the first listener."""

    def __init__(self) -> None:
        """Nobody listens."""
        self._calls: SimpleQueue[tuple[Callable[..., object], Sequence[Event]] | None] = (
            SimpleQueue()
        )
        self._thread: threading.Thread | None = None

    def deliver(self, listener: Listener, events: Sequence[Event]) -> None:
        """Call a listener with each event, soon."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="arbiter listeners", daemon=True)
            self._thread.start()
        self._calls.put((listener, events))

    def close(self) -> None:
        """Call nobody any more; what is in line is still delivered."""
        if self._thread is not None:
            self._calls.put(None)
            self._thread.join(5)
            self._thread = None

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            listener, events = call
            for event in events:
                call_listener(listener, event)


def call_listener(listener: Callable[[Event], object], event: Event) -> None:
    """Call one listener; its error is logged and ends there."""
    try:
        listener(event)
    except Exception:
        log.exception("the listener %r failed on %s", listener, event.topic)


def at_home(listener: Callable[[Event], Any], home: asyncio.AbstractEventLoop | None) -> Listener:
    """Let an `async def` listener run on its caller's loop."""
    if not inspect.iscoroutinefunction(listener):
        return listener
    if home is None:
        raise TypeError("an async listener needs a running loop: register it from arbiter.aio")

    def call(event: Event) -> None:
        asyncio.run_coroutine_threadsafe(_guarded(listener, event), home)

    return call


async def _guarded(listener: Callable[[Event], Any], event: Event) -> None:
    try:
        await listener(event)
    except Exception:
        log.exception("the listener %r failed on %s", listener, event.topic)
