"""Worker processes as an operator starts them, to be killed, frozen and told to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from arbiter import Arbiter
from tests.support.eventually import eventually

ROOT = Path(__file__).parents[2]
BEAT, LEASE = "0.3", "1.2"


class WorkerProcess:
    """One `arbiter worker` on a database."""

    def __init__(self, dsn: str, module: str, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "arbiter", "worker", module, "--dsn", dsn, *options],
            cwd=ROOT,
            env=os.environ | {"ARBITER_BEAT_SECONDS": BEAT, "ARBITER_LEASE_SECONDS": LEASE},
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def says(self, word: str) -> None:
        """Return when the worker has said a line with this word; it says only a few lines."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if word in line.lower():
                return
        raise AssertionError(f"the worker ended without saying {word!r}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def ends(self, within: float = 60) -> int:
        """Return the exit code."""
        return self.process.wait(within)

    def has_joined(self, arbiter: Arbiter) -> bool:
        return any(worker.pid == self.pid for worker in arbiter.stats().workers)


@contextmanager
def workers(dsn: str, module: str) -> Iterator[Workers]:
    """Start workers as they are asked for; none outlives the test."""
    started = Workers(dsn, module)
    try:
        yield started
    finally:
        for worker in started.all:
            if worker.process.poll() is None:
                worker.process.send_signal(signal.SIGCONT)
                worker.kill()


class Workers:
    """The workers of one test."""

    def __init__(self, dsn: str, module: str) -> None:
        self._dsn, self._module = dsn, module
        self.all: list[WorkerProcess] = []

    def start(self, *options: str) -> WorkerProcess:
        worker = WorkerProcess(self._dsn, self._module, *options)
        self.all.append(worker)
        return worker

    def start_and_join(self, arbiter: Arbiter, *options: str) -> WorkerProcess:
        worker = self.start(*options)
        eventually(lambda: worker.has_joined(arbiter), 20)
        return worker
