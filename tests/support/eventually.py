"""The one place where tests wait for something that nobody tells them about."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PAUSE = 0.01
PATIENCE = 10.0


def eventually(look: Callable[[], T], within: float = PATIENCE) -> T:
    """Return the first truthy answer; fail with the last one when the time is over."""
    deadline = time.monotonic() + within
    never = threading.Event()
    while not (seen := look()):
        assert time.monotonic() < deadline, f"after {within:g} s it is still {seen!r}"
        never.wait(PAUSE)
    return seen
