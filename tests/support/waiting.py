"""Waiting, in a coroutine, for what nobody tells of: looked for again and again, up to a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")
DEADLINE_SECONDS = 20.0
BETWEEN_LOOKS_SECONDS = 0.005


async def eventually(look: Callable[[], Awaitable[T] | T], seconds: float = DEADLINE_SECONDS) -> T:
    """Return the first true answer of a look; a look that raises AssertionError is taken again."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        missed: Any = None
        try:
            found: Any = look()
            if isinstance(found, Awaitable):
                found = await found
            if found:
                return found
        except AssertionError as error:
            missed = error
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"waited for {seconds:g} s in vain") from missed
        await asyncio.sleep(BETWEEN_LOOKS_SECONDS)
