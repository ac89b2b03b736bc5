"""Commands for one task, decided one after the other in the order they came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID


class Turnstile:
    """Lets one command of this process through per task; other processes meet at the version."""

    def __init__(self) -> None:
        """Nobody waits yet."""
        self._lines: dict[UUID, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def alone(self, task_id: UUID) -> AsyncIterator[None]:
        """Wait for the commands before us."""
        lock, waiting = self._lines.get(task_id, (asyncio.Lock(), 0))
        self._lines[task_id] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._lines[task_id]
            if waiting == 1:
                del self._lines[task_id]
            else:
                self._lines[task_id] = (lock, waiting - 1)
