"""Handlers that tell when they run and end when the test lets them."""

from __future__ import annotations

import asyncio
import threading
from queue import Empty, SimpleQueue
from typing import Any

PATIENCE = 15.0


class Workbench:
    """Counts who is at work, and keeps them there until it is opened."""

    def __init__(self) -> None:
        self.begun: SimpleQueue[Any] = SimpleQueue()
        self.ended: SimpleQueue[Any] = SimpleQueue()
        self.stopped: SimpleQueue[Any] = SimpleQueue()
        self.order: list[Any] = []
        self.busy = self.peak = 0
        self._open = threading.Event()
        self._counting = threading.Lock()

    def open(self) -> None:
        """Let everybody go home."""
        self._open.set()

    def close(self) -> None:
        """Keep who comes from now on."""
        self._open.clear()

    def next(self, within: float = PATIENCE) -> Any:
        """Return the next task that somebody has begun."""
        try:
            return self.begun.get(timeout=within)
        except Empty:
            raise AssertionError(f"nothing was begun within {within:g} s") from None

    def next_stopped(self, within: float = PATIENCE) -> Any:
        """Return the next task whose handler was made to stop."""
        try:
            return self.stopped.get(timeout=within)
        except Empty:
            raise AssertionError(f"no handler was stopped within {within:g} s") from None

    def next_ended(self, within: float = PATIENCE) -> Any:
        """Return the next task whose handler has ended, whatever made it."""
        return self.ended.get(timeout=within)

    def work(self, task: Any) -> Any:
        """Stay until opened (a `def` handler that listens to nobody)."""
        self._come(task)
        try:
            assert self._open.wait(PATIENCE), "the test forgot to open the workbench"
            return task.payload
        finally:
            self._leave(task)

    def listen(self, task: Any) -> Any:
        """Stay until opened or told to stop (a `def` handler that looks)."""
        self._come(task)
        try:
            while not self._open.wait(0.01):
                if task.stopping:
                    self.stopped.put(task)
                task.raise_if_stopping()
            return task.payload
        finally:
            self._leave(task)

    async def awork(self, task: Any) -> Any:
        """Stay until opened or cancelled (an `async def` handler)."""
        self._come(task)
        try:
            while not self._open.is_set():  # noqa: ASYNC110 - opened from another thread
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.stopped.put(task)
            raise
        else:
            return task.payload
        finally:
            self._leave(task)

    def _come(self, task: Any) -> None:
        with self._counting:
            self.busy += 1
            self.peak = max(self.peak, self.busy)
            self.order.append(task.payload)
        self.begun.put(task)

    def _leave(self, task: Any) -> None:
        with self._counting:
            self.busy -= 1
        self.ended.put(task)
