"""One data folder and the PostgreSQL server that runs on it."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from arbiter.infrastructure.embedded.folders import PORT, StateFolder
from arbiter.infrastructure.embedded.root import Runner

SET_PARENT_DEATH_SIGNAL = 1
PAUSE = 0.005
PAUSE_AFTER_A_FAILED_START = 0.05
PATIENCE_WITH_ORPHANS = 10.0
PATIENCE_WITH_STOPPING = 60.0
DEFAULTS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_min_messages": "log",
    "max_connections": "100",
    "jit": "off",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class CannotStart(Exception):
    """The server did not come up; the sentence says which step failed."""


@dataclass(frozen=True)
class Postmaster:
    """Initialises, starts and stops the server of one state folder."""

    folder: StateFolder
    runner: Runner
    durable: bool
    settings: Mapping[str, str]

    def initialise(self) -> None:
        """Create the data folder if there is none; a half-made one is never taken for it."""
        if self.folder.data.exists():
            self.runner.owns(self.folder.data)
            return
        growing = self.folder.data.with_suffix(".new")
        shutil.rmtree(growing, ignore_errors=True)
        growing.mkdir(mode=0o700)
        self.runner.owns(growing)
        order = [
            "initdb",
            "-D",
            str(growing),
            "-U",
            "arbiter",
            "-E",
            "UTF8",
            "--locale=C",
            "-A",
            "trust",
            "--no-instructions",
        ]
        if not self.durable:
            order.append("--no-sync")
        with self.folder.log.open("ab") as log:
            made = self._popen(order, log.fileno()).wait()
        if made != 0:
            raise CannotStart(f"initdb ended with {made}, {self._last_words()}")
        growing.rename(self.folder.data)
        _sync(self.folder.path)

    def start(self, deadline: float) -> subprocess.Popen[bytes]:
        """Return a server that accepts connections; waits out the children of a killed one."""
        was_killed = self.folder.postmaster() is not None
        retry_until = min(deadline, time.monotonic() + PATIENCE_WITH_ORPHANS) if was_killed else 0.0
        server = self._spawn()
        # A stale postmaster.pid says ready too: compare the pid.
        while self.folder.postmaster() != (server.pid, True):
            if server.poll() is not None:
                if time.monotonic() > retry_until:
                    raise CannotStart(
                        f"postgres ended with {server.returncode}, {self._last_words()}"
                    )
                time.sleep(PAUSE_AFTER_A_FAILED_START)
                server = self._spawn()
            elif time.monotonic() > deadline:
                stop(server)
                raise CannotStart(f"postgres was not ready in time, {self._last_words()}")
            else:
                time.sleep(PAUSE)
        return server

    def _last_words(self) -> str:
        lines = self.folder.log.read_text(errors="replace").splitlines()
        fatal = [line.partition("FATAL:")[2].strip() for line in lines[-20:] if "FATAL:" in line]
        return f"see {self.folder.log}" + (f": {fatal[-1]}" if fatal else "")

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = {
            **DEFAULTS,
            "unix_socket_directories": f'"{self.folder.sockets}"',
            **self.settings,
        }
        if not self.durable:
            settings |= FORGETFUL
        order = ["postgres", "-D", str(self.folder.data)]
        for name, value in settings.items():
            order += ["-c", f"{name}={value}"]
        with self.folder.log.open("ab") as log:
            return self._popen(order, log.fileno())

    def _popen(self, order: list[str], log: int) -> subprocess.Popen[bytes]:
        # preexec_fn is safe here: the supervisor's other threads only wait in system calls.
        return subprocess.Popen(
            [self.runner.binaries / order[0], *order[1:]],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            user=self.runner.user,
            group=self.runner.group,
            extra_groups=self.runner.groups,
            preexec_fn=_die_with_parent,  # noqa: PLW1509
        )


def stop(server: subprocess.Popen[bytes]) -> None:
    """Shut a server down: politely at first, by force when that takes too long."""
    for order, patience in (
        (signal.SIGINT, PATIENCE_WITH_STOPPING),
        (signal.SIGQUIT, 5.0),
        (signal.SIGKILL, 5.0),
    ):
        server.send_signal(order)
        try:
            server.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        return


def _die_with_parent() -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGINT)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
