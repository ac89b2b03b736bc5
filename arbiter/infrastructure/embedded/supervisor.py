"""The one parent of an embedded server: starts it, revives it, stops it with the last client.

Runs as its own session (started by `launch.py`), needs only the standard library, and decides
everything in one thread; two others only wait and tell.
"""

import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from enum import Enum
from pathlib import Path

from arbiter.infrastructure.embedded.folders import StateFolder
from arbiter.infrastructure.embedded.locks import lock_alone, open_lock, try_lock_alone, unlock
from arbiter.infrastructure.embedded.order import Order
from arbiter.infrastructure.embedded.postmaster import CannotStart, Postmaster, stop
from arbiter.infrastructure.embedded.root import CannotLeaveRoot, leave_root

PATIENCE_WITH_REVIVING = 30.0
LONGEST_LOG = 16 * 1024 * 1024


class Happened(Enum):
    """What the waiting threads and signals tell."""

    CLIENTS_LEFT = "the last client left"
    SERVER_ENDED = "the server ended"
    TOLD_TO_STOP = "a signal asked for the end"


class Supervisor:
    """Holds one server up for as long as any client holds its lock."""

    def __init__(self, folder: StateFolder, postmaster: Postmaster) -> None:
        self._folder = folder
        self._postmaster = postmaster
        self._happened: queue.SimpleQueue[Happened] = queue.SimpleQueue()
        self._look_again = threading.Event()
        self._starting = open_lock(folder.lock)
        self._clients = open_lock(folder.clients)

    def watch(self, server: subprocess.Popen[bytes]) -> None:
        """Return when our server is needed no more; the locks go with this program."""
        signal.signal(signal.SIGTERM, lambda *_: self._happened.put(Happened.TOLD_TO_STOP))
        self._tell_when_ended(server)
        threading.Thread(target=self._tell_when_clients_left, daemon=True).start()
        while True:
            match self._happened.get():
                case Happened.CLIENTS_LEFT:
                    lock_alone(self._starting)
                    if try_lock_alone(self._clients):
                        self._end(server)
                        return
                    unlock(self._starting)
                    self._look_again.set()
                case Happened.SERVER_ENDED:
                    lock_alone(self._starting)
                    if self._folder.answers():  # a client was quicker: another supervisor is up
                        return
                    server = self._postmaster.start(time.monotonic() + PATIENCE_WITH_REVIVING)
                    self._tell_when_ended(server)
                    unlock(self._starting)
                case Happened.TOLD_TO_STOP:
                    lock_alone(self._starting)
                    self._end(server)
                    return

    def _end(self, server: subprocess.Popen[bytes]) -> None:
        stop(server)
        shutil.rmtree(self._folder.sockets, ignore_errors=True)

    def _tell_when_clients_left(self) -> None:
        while True:
            lock_alone(self._clients)
            unlock(self._clients)
            self._happened.put(Happened.CLIENTS_LEFT)
            self._look_again.wait()
            self._look_again.clear()

    def _tell_when_ended(self, server: subprocess.Popen[bytes]) -> None:
        def tell() -> None:
            server.wait()
            self._happened.put(Happened.SERVER_ENDED)

        threading.Thread(target=tell, daemon=True).start()


def supervise(order: Order, starting: int, answer: int) -> None:
    """Bring the server up, say so on the answer pipe, and stay with it.

    `starting` is the client's own hold on the start lock: while either of us has it open nobody
    else starts a server, so a client killed at this moment leaves no second supervisor behind.
    """
    deadline = time.monotonic() + order.patience
    folder = StateFolder(Path(order.state), order.major)
    try:
        _keep_log_short(folder.log)
        # No server answers here, so what lies there is stale; only while still root can we remove
        # what another way of leaving root has left.
        shutil.rmtree(folder.sockets, ignore_errors=True)
        runner = leave_root(order.leave_root, folder.path, folder.data, Path(order.binaries))
        postmaster = Postmaster(folder, runner, order.durable, order.settings)
        _make_socket_folder(folder.sockets, runner.user)
        postmaster.initialise()
        server = postmaster.start(deadline)
    except (CannotLeaveRoot, CannotStart, OSError) as refused:
        _answer(answer, str(refused))
        raise SystemExit(1) from refused
    supervisor = Supervisor(folder, postmaster)
    _answer(answer, "ready")
    os.close(starting)
    supervisor.watch(server)


def _make_socket_folder(folder: Path, user: int | None) -> None:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError as exists:
        raise CannotStart(f"{folder} belongs to somebody else; remove it") from exists
    if user is not None:
        os.chown(folder, user, -1)


def _keep_log_short(log: Path) -> None:
    if log.exists() and log.stat().st_size > LONGEST_LOG:
        log.replace(log.with_name(f"{log.name}.old"))


def _answer(pipe: int, sentence: str) -> None:
    with suppress(
        BrokenPipeError
    ):  # the client died while we started: its hold is gone, as we'll see
        os.write(pipe, sentence.encode())
    os.close(pipe)


def main(arguments: list[str]) -> None:
    """Leave the client's family, so that it needs not reap us, and supervise."""
    if os.fork() != 0:
        os._exit(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    order, starting, answer = arguments
    supervise(Order.from_json(order), int(starting), int(answer))


if __name__ == "__main__":
    main(sys.argv[1:])
