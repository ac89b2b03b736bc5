"""What a review costs: seconds of processor time, its own and those of the programs it ran."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from tempfile import TemporaryFile
from threading import Timer
from time import thread_time
from typing import NamedTuple

PATIENCE = 30.0


class CpuClock:
    """Runs from when it is made, and only while this thread does."""

    def __init__(self) -> None:
        """Begin to count."""
        self._began = thread_time()
        self._programs = 0.0

    def add(self, seconds: float) -> None:
        """Count what a program took."""
        self._programs += seconds

    @property
    def seconds(self) -> float:
        """Processor time used so far."""
        return thread_time() - self._began + self._programs


class Ran(NamedTuple):
    """How a program ended, and what it said."""

    code: int
    """Its exit code; that of a signal is negative."""

    stdout: bytes
    stderr: bytes


def run(program: Sequence[str], text: bytes, cpu: CpuClock, *, patience: float = PATIENCE) -> Ran:
    """Run a program on a text; its processor time goes to the clock. TimeoutError after so many seconds."""
    # Files, not pipes: one wait for the end is all that is needed, and it tells what this program used.
    with TemporaryFile() as given, TemporaryFile() as said, TemporaryFile() as complained:
        given.write(text)
        given.seek(0)
        started = subprocess.Popen(
            program,
            stdin=given,
            stdout=said,
            stderr=complained,
            # Its own process group: Ctrl-C at the terminal drains the worker, not this file's review.
            process_group=0,
        )
        started.returncode, used = _ended(started.pid, patience)
        cpu.add(used)
        said.seek(0)
        complained.seek(0)
        return Ran(started.returncode, said.read(), complained.read())


def _ended(pid: int, patience: float) -> tuple[int, float]:
    overdue: list[bool] = []

    def kill() -> None:
        overdue.append(True)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    timer = Timer(patience, kill)
    timer.daemon = True
    timer.start()
    if hasattr(os, "waitid"):  # not on every macOS
        # Wait, and leave it there: as long as it is not collected, its number is nobody else's.
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        timer.cancel()
        timer.join()
    _, status, used = os.wait4(pid, 0)
    timer.cancel()
    if overdue:
        raise TimeoutError(f"a program took longer than {patience:g} s")
    return os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime
