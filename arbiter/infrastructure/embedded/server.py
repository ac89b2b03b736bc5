"""The client's side of an embedded server: hold it while you need it; the last one out stops it."""

import os
import select
import subprocess
import sys
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from arbiter.infrastructure.embedded.binaries import find_binaries
from arbiter.infrastructure.embedded.errors import EmbeddedUnavailable
from arbiter.infrastructure.embedded.folders import PORT, StateFolder, default_state_dir
from arbiter.infrastructure.embedded.locks import lock_alone_before, lock_shared, open_lock
from arbiter.infrastructure.embedded.order import Order

LeaveRoot = Literal["auto", "namespace", "setuid"]
PAUSE = 0.005
PATIENCE_BEYOND_THE_SUPERVISOR_S = 5.0
PASSED_ON = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
LAUNCH = Path(__file__).with_name("launch.py")


class EmbeddedPostgres:
    """One hold on the server of a state folder, which a user's processes share."""

    def __init__(
        self,
        state_dir: Path | None = None,
        *,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        binaries: Path | None = None,
        leave_root: LeaveRoot = "auto",
        patience: float = 60.0,
    ) -> None:
        """Choose folder and programs; settings and durability are those of whoever starts first."""
        self._binaries = find_binaries(binaries)
        self._folder = StateFolder(
            (state_dir or default_state_dir()).absolute(), self._binaries.major
        )
        self._durable = durable
        self._settings = dict(settings or {})
        self._leave_root = leave_root
        self._patience = patience
        self._hold: int | None = None
        _holders.add(self)

    @property
    def dsn(self) -> str:
        """Return the connection string of the running server."""
        host = str(self._folder.sockets).replace("\\", "\\\\").replace("'", "\\'")
        return f"host='{host}' port={PORT} user=arbiter dbname=postgres"

    @property
    def folder(self) -> StateFolder:
        """Tell where the server keeps its files."""
        return self._folder

    def start(self) -> Self:
        """Hold the server, starting it if needed; called again, it revives one that has died."""
        deadline = time.monotonic() + self._patience
        self._check_folder()
        starting = open_lock(self._folder.lock)
        try:
            self._hold_shared_server(starting, deadline)
        except BaseException:
            self.stop()
            raise
        finally:
            os.close(starting)
        return self

    def stop(self) -> None:
        """Let go; the server stops when nobody holds it any more."""
        hold, self._hold = self._hold, None
        if hold is not None:
            os.close(hold)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _check_folder(self) -> None:
        path = self._folder.path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            others = self._folder.other_majors()
        except OSError as refused:
            raise EmbeddedUnavailable(
                f"state folder {path} cannot be used: {refused.strerror}; name another"
            ) from refused
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            raise EmbeddedUnavailable(f"state folder {path} belongs to another user; name another")
        if others:
            raise EmbeddedUnavailable(
                f"{path} holds data of PostgreSQL {others[-1]}, but {self._binaries.folder} is"
                f" version {self._binaries.major}; install version {others[-1]}, or name another"
                " folder and restore a dump into it"
            )

    def _hold_shared_server(self, starting: int, deadline: float) -> None:
        if not lock_alone_before(starting, deadline):
            raise EmbeddedUnavailable(
                f"another process has been starting it in {self._folder.path} for too long"
            )
        if self._hold is None:
            self._hold = open_lock(self._folder.clients)
            lock_shared(self._hold)
        if self._folder.answers():
            self._await_recovery(deadline)
        else:
            self._supervise(starting)

    def _await_recovery(self, deadline: float) -> None:
        while (postmaster := self._folder.postmaster()) is not None and not postmaster[1]:
            if time.monotonic() > deadline:
                raise EmbeddedUnavailable(
                    f"the server does not become ready, see {self._folder.log}"
                )
            time.sleep(PAUSE)

    def _supervise(self, starting: int) -> None:
        order = Order(
            state=str(self._folder.path),
            major=self._folder.major,
            binaries=str(self._binaries.folder),
            durable=self._durable,
            settings=self._settings,
            leave_root=self._leave_root,
            patience=self._patience,
        )
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as answers:
            try:
                self._launch(order, starting, writing)
            finally:
                os.close(writing)
            heard, _, _ = select.select(
                [answers], [], [], self._patience + PATIENCE_BEYOND_THE_SUPERVISOR_S
            )
            answer = answers.read().decode() if heard else "it does not answer"
        if answer != "ready":
            raise EmbeddedUnavailable(answer or f"its supervisor died, see {self._folder.log}")

    def _launch(self, order: Order, starting: int, answer: int) -> None:
        with self._folder.log.open("ab") as log:
            subprocess.run(
                [
                    *(sys.executable, "-I", "-S", str(LAUNCH)),
                    *(order.as_json(), str(starting), str(answer)),
                ],
                check=False,
                pass_fds=(starting, answer),
                start_new_session=True,
                cwd="/",
                env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )


_holders: weakref.WeakSet[EmbeddedPostgres] = weakref.WeakSet()


def _let_go_in_child() -> None:
    # A forked child shares its parent's hold, and would keep the server up after its death.
    for holder in list(_holders):
        holder.stop()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)
