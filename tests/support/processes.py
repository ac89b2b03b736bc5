"""Waiting for other processes."""

from __future__ import annotations

import os
import select
from pathlib import Path

from tests.support.eventually import eventually

PATIENCE = 15.0


def pid_told(told: Path) -> int:
    """Return the process id that somebody writes into a file, once it is there."""
    eventually(told.exists, PATIENCE)
    return int(told.read_text())


def wait_for_end_of(pid: int, within: float = PATIENCE) -> None:
    """Return when a process is gone."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    with os.fdopen(process):
        ended, _, _ = select.select([process], [], [], within)
    assert ended, f"process {pid} still runs"
