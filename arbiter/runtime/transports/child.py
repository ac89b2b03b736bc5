"""One program from its start to its end, with everything it starts: fed, heard, bounded, and killed."""

from __future__ import annotations

import atexit
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Any, NamedTuple, cast

GRACE_SECONDS = 2.0
"""How long a program that was told to end may take before it is killed."""

TICK_SECONDS = 0.1
TAIL_BYTES = 8 * 1024
PIECE = 64 * 1024
MOST_PAUSE = 0.05


class Ended(NamedTuple):
    """How a program ended."""

    code: int
    """Its exit code; minus the signal's number, if a signal ended it."""

    output: bytes
    tail: bytes
    """The end of what it wrote to standard error."""

    is_too_long: bool
    """It wrote more than it may, and was killed for that."""


class Child:
    """A program in a process group of its own. Run by one thread; stopped from any other."""

    def __init__(
        self,
        command: Sequence[str],
        given: bytes,
        *,
        most: int,
        directory: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start nothing yet; `given` is its standard input, `most` bounds its output."""
        self._command, self._given, self._most = list(command), given, most
        self._directory, self._environment = directory, environment
        self._changing = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_over = False
        self._told_to_stop: float | None = None
        self._output, self._tail = bytearray(), bytearray()
        self._is_too_long = False

    def run(self) -> Ended:
        """Run the program to its end. Raises OSError when it cannot be started."""
        process = self._start()
        _alive.add(self)
        try:
            self._talk(process)
            self._wait(process)
        finally:
            code = self._end(process)
            _alive.discard(self)
        return Ended(code, bytes(self._output), bytes(self._tail), self._is_too_long)

    def stop(self) -> None:
        """Tell the program, and all it started, to end; who does not is killed soon after."""
        with self._changing:
            if self._told_to_stop is None:
                self._told_to_stop = time.monotonic()
                self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the program and all it started at once."""
        with self._changing:
            self._told_to_stop = self._told_to_stop or time.monotonic()
            self._signal(signal.SIGKILL)

    def _start(self) -> subprocess.Popen[bytes]:
        with self._changing:
            self._process = subprocess.Popen(  # noqa: S603 - the operator's own command, and no shell
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd=self._directory,
                env=self._environment,
                start_new_session=True,
            )
            if self._told_to_stop is not None:  # there was nobody to tell yet
                self._signal(signal.SIGTERM)
            return self._process

    def _signal(self, number: signal.Signals) -> None:
        # Its group's number belongs to the program until it is waited for, even when it has ended.
        if self._process is not None and not self._is_over:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    # -- while it runs

    def _talk(self, process: subprocess.Popen[bytes]) -> None:
        """Feed it and hear it until it has said everything, or has ended."""
        unsaid = memoryview(self._given)
        with selectors.DefaultSelector() as streams:
            for stream, events in (
                (process.stdin, selectors.EVENT_WRITE),
                (process.stdout, selectors.EVENT_READ),
                (process.stderr, selectors.EVENT_READ),
            ):
                os.set_blocking(cast("IO[bytes]", stream).fileno(), False)
                streams.register(cast("IO[bytes]", stream), events)
            listened, ended = 2, 0.0
            while listened:
                ready = streams.select(TICK_SECONDS)
                for key, _ in ready:
                    if key.fileobj is process.stdin:
                        unsaid = self._feed(key.fd, unsaid)
                        is_done = not unsaid
                    else:
                        is_done = not self._hear(key.fd, is_output=key.fileobj is process.stdout)
                        listened -= is_done
                    if is_done:
                        streams.unregister(key.fileobj)
                        cast("IO[bytes]", key.fileobj).close()
                self._insist()
                if _has_ended(process):
                    ended = ended or time.monotonic()
                    if not ready or time.monotonic() - ended >= GRACE_SECONDS:
                        return  # something it started keeps its streams open; nobody waits for that

    def _feed(self, stream: int, unsaid: memoryview) -> memoryview:
        try:
            return unsaid[os.write(stream, unsaid[:PIECE]) :]
        except BlockingIOError:
            return unsaid
        except BrokenPipeError:  # it does not want to hear it all
            return unsaid[:0]

    def _hear(self, stream: int, *, is_output: bool) -> bool:
        """Take in what it says; False when it has said everything."""
        try:
            piece = os.read(stream, PIECE)
        except BlockingIOError:
            return True
        if not is_output:
            self._tail += piece
            del self._tail[:-TAIL_BYTES]
        elif len(self._output) + len(piece) > self._most:
            self._is_too_long = True
            self.kill()
        else:
            self._output += piece
        return bool(piece)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        pause = 0.0005
        while not _has_ended(process):
            self._insist()
            time.sleep(pause)
            pause = min(2 * pause, MOST_PAUSE)

    def _insist(self) -> None:
        since = self._told_to_stop
        if since is not None and time.monotonic() - since >= GRACE_SECONDS:
            self.kill()

    def _end(self, process: subprocess.Popen[bytes]) -> int:
        """Leave nothing of it behind: neither processes nor open files."""
        with self._changing:
            self._signal(signal.SIGKILL)
            self._is_over = True
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        return process.wait()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether it has ended, and leave it to be waited for: so long, its group's number is its own."""
    waitid: Any = getattr(os, "waitid", None)
    if waitid is None:
        return process.poll() is not None
    try:
        return bool(waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT))
    except ChildProcessError:  # somebody else has waited for it
        return True


_alive: set[Child] = set()


@atexit.register
def _kill_all() -> None:
    """Leave nothing behind."""
    for child in list(_alive):
        child.kill()
