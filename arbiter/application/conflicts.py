"""Try again a command whose append lost a race."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from arbiter.domain.errors import Conflict

T = TypeVar("T")
TRIES = 10


async def decided_again(command: Callable[[], Awaitable[T]]) -> T:
    """Run a command that loads, decides and appends; on a conflict run it whole again."""
    for _ in range(TRIES - 1):
        try:
            return await command()
        except Conflict:
            continue  # another decision came first: look at the task as it is now
    return await command()
