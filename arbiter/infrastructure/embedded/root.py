"""PostgreSQL refuses to run as root: two ways out that add no user and open no folder."""

import ctypes
import hashlib
import os
import pwd
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

CLONE_NEWUSER = 0x10000000
ORDINARY_USERS = ("postgres", "nobody")


class CannotLeaveRoot(Exception):
    """Neither way is open here; the sentence says why."""


@dataclass(frozen=True)
class Runner:
    """As whom the server runs, and with which programs."""

    how: str
    binaries: Path
    user: int | None = None
    group: int | None = None

    @property
    def groups(self) -> list[int] | None:
        return None if self.user is None else []

    def owns(self, folder: Path) -> None:
        """Give a folder and all in it to this runner, when another way of leaving root had it."""
        user = self.user if self.user is not None else os.geteuid()
        if os.geteuid() == 0 and folder.stat().st_uid != user:
            give(folder, user, -1 if self.group is None else self.group)


def give(folder: Path, user: int, group: int) -> None:
    """Change the owner of a tree, symbolic links themselves and not what they point at."""
    os.chown(folder, user, group, follow_symlinks=False)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(parent, name), user, group, follow_symlinks=False)


def leave_root(how: str, state: Path, data: Path, binaries: Path) -> Runner:
    """Return who runs the server; for root as `how` (auto, namespace or setuid) allows."""
    if os.geteuid() != 0:
        return Runner("plainly", binaries)
    if how in ("auto", "namespace"):
        if data.exists() and data.stat().st_uid != 0:
            give(data, 0, 0)  # before: inside the namespace only root's files have an owner
        if enter_user_namespace():
            return Runner("in a user namespace", binaries)
        if how == "namespace":
            raise CannotLeaveRoot("this kernel or container refuses user namespaces")
    return _as_ordinary_user(state, binaries)


def enter_user_namespace() -> bool:
    """Become `nobody` in a new user namespace and stay root to the files outside, if allowed.

    The inner user needs an entry in passwd, because initdb looks it up; `nobody` has one
    everywhere.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return False
    if (
        ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0
    ):  # os.unshare came with Python 3.12
        return False
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{nobody.pw_uid} 0 1")
    Path("/proc/self/gid_map").write_text(f"{nobody.pw_gid} 0 1")
    return os.geteuid() != 0


def _as_ordinary_user(state: Path, binaries: Path) -> Runner:
    user = _first_ordinary_user()
    state.chmod(0o711)
    if not _may(user, state, os.X_OK):
        raise CannotLeaveRoot(
            f"user {user.pw_name} cannot reach {state}; name a folder such as /var/lib/arbiter"
        )
    if not _may(user, binaries / "postgres", os.X_OK):
        binaries = _copy(binaries, state)
    return Runner(f"as user {user.pw_name}", binaries, user.pw_uid, user.pw_gid)


def _first_ordinary_user() -> pwd.struct_passwd:
    for name in ORDINARY_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise CannotLeaveRoot(f"there is no user {' or '.join(ORDINARY_USERS)} to run it as")


def _may(user: pwd.struct_passwd, path: Path, access: int) -> bool:
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            os._exit(0 if os.access(path, access) else 1)
        finally:
            os._exit(2)
    return os.waitpid(child, 0)[1] == 0


def _copy(binaries: Path, state: Path) -> Path:
    # The programs find their libraries relative to themselves: <package>/<install>/bin and
    # <package>.libs stay neighbours.
    install, package = binaries.parent, binaries.parent.parent
    found = (binaries / "postgres").stat()
    digest = hashlib.sha256(f"{binaries} {found.st_size} {found.st_mtime_ns}".encode()).hexdigest()[
        :12
    ]
    there = state / f"binaries-{digest}"
    if not there.exists():
        growing = state / f"binaries-{digest}.new"
        shutil.rmtree(growing, ignore_errors=True)
        shutil.copytree(install, growing / package.name / install.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, growing / libraries.name, symlinks=True)
        for folder in (growing, growing / package.name):
            folder.chmod(0o755)
        growing.rename(there)
    return there / package.name / install.name / binaries.name
