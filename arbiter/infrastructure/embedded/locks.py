"""File locks that the kernel takes back when their holder dies, however it dies."""

import os
import sys
import time
from pathlib import Path

if sys.platform != "win32":
    import fcntl

PAUSE = 0.005


def open_lock(path: Path) -> int:
    """Open a lock file; no program the caller starts inherits it, and with it the lock."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def lock_shared(descriptor: int) -> None:
    """Wait until nobody holds the lock alone, then hold it with others."""
    fcntl.flock(descriptor, fcntl.LOCK_SH)


def lock_alone(descriptor: int) -> None:
    """Wait, as long as it takes, until nobody else holds the lock."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def try_lock_alone(descriptor: int) -> bool:
    """Hold the lock alone if nobody else holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_alone_before(descriptor: int, deadline: float) -> bool:
    """Hold the lock alone, or say that it was not to be had before the deadline (monotonic)."""
    while not try_lock_alone(descriptor):
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE)
    return True


def unlock(descriptor: int) -> None:
    """Let the lock go and keep the descriptor."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
