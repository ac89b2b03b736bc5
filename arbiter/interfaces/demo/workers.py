"""The demo's worker processes: started, one of them killed, the others let go."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from arbiter.domain.errors import ArbiterError
from arbiter.interfaces.demo.worker import READY


class WorkerDied(ArbiterError):
    """A worker of the demo did not start."""

    code = "demo_worker_died"


class Workers:
    """Processes that end with us: they read from a pipe that closes when we are gone."""

    def __init__(self, how_many: int, environ: Mapping[str, str]) -> None:
        """Start them; they get ready while we go on."""
        self._processes = [_started(environ) for _ in range(how_many)]

    def await_ready(self) -> None:
        """Return when every worker hosts its agents. Raises WorkerDied."""
        for process in self._processes:
            assert process.stdout is not None, "started with a pipe"
            if process.stdout.readline().strip() != READY:
                raise WorkerDied(
                    f"a worker ended with exit code {process.wait()} before it was ready"
                )

    def kill(self, pid: int) -> None:
        """Kill a worker as a crash would: it says no more."""
        for process in self._processes:
            if process.pid == pid:
                process.kill()
                process.wait()

    def let_go(self) -> None:
        """Ask the living to end, and wait for them."""
        for process in self._processes:
            if process.stdin is not None:
                process.stdin.close()
        for process in self._processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _started(environ: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "arbiter.interfaces.demo.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environ},
        start_new_session=True,
    )
