"""Where an embedded server keeps its files: one folder, everything in it named with the version."""

import hashlib
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PORT = 5432
LONGEST_SOCKET_PATH = 100  # sun_path takes 108 bytes on Linux and 104 on macOS
READY_LINE = 7  # the eighth line of postmaster.pid tells the server's state


def default_state_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the user's data folder for Arbiter; for root a system folder, as /root is closed."""
    if os.geteuid() == 0:
        return Path("/var/lib/arbiter")
    given = Path(environ.get("XDG_DATA_HOME", ""))
    if given.is_absolute():
        return given / "arbiter"
    home = environ.get("HOME")
    return (Path(home) if home else Path.home()) / ".local" / "share" / "arbiter"


@dataclass(frozen=True)
class StateFolder:
    """The files of one embedded server, and what they tell about it."""

    path: Path
    major: int

    @property
    def data(self) -> Path:
        return self.path / f"data-{self.major}"

    @property
    def lock(self) -> Path:
        """Held alone by whoever starts or stops the server."""
        return self.path / f"lock-{self.major}"

    @property
    def clients(self) -> Path:
        """Held shared by every client for its life: a reference count that survives any death."""
        return self.path / f"clients-{self.major}"

    @property
    def log(self) -> Path:
        return self.path / f"postgres-{self.major}.log"

    @property
    def sockets(self) -> Path:
        """The folder of the socket: short enough for the kernel, and nothing that splits a list."""
        inside = self.path / f"run-{self.major}"
        too_long = len(os.fsencode(inside / f".s.PGSQL.{PORT}")) > LONGEST_SOCKET_PATH
        if not too_long and not set(str(inside)) & set(',"'):
            return inside
        digest = hashlib.sha256(os.fsencode(inside)).hexdigest()[:12]
        return Path("/tmp") / f"arbiter-{digest}"  # noqa: S108  its owner is checked before use

    def other_majors(self) -> list[int]:
        """Return the major versions whose data lies here, when none of this version does."""
        if self.data.exists():
            return []
        found = (folder.name.removeprefix("data-") for folder in self.path.glob("data-*"))
        return sorted(int(major) for major in found if major.isdigit())

    def answers(self) -> bool:
        """Say whether a server listens on the socket."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(os.fsencode(self.sockets / f".s.PGSQL.{PORT}"))
            except OSError:
                return False
        return True

    def postmaster(self) -> tuple[int, bool] | None:
        """Return the pid in postmaster.pid and whether it says ready; its server may be dead."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return int(lines[0]), len(lines) > READY_LINE and lines[READY_LINE].strip() == "ready"
        except (OSError, ValueError, IndexError):
            return None
