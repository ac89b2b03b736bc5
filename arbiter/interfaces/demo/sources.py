"""Which Python files the demo reviews, and which it leaves out and why."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from arbiter.domain.errors import ArbiterError

STANDARD = (
    *(
        "asyncio",
        "collections",
        "concurrent",
        "ctypes",
        "curses",
        "dbm",
        "email",
        "http",
        "importlib",
    ),
    *("json", "logging", "multiprocessing", "re", "sqlite3", "tomllib", "unittest", "urllib"),
    *("wsgiref", "xml", "xmlrpc", "zoneinfo"),
)
"""Packages reviewed when no path is named: real code that every machine with Python has."""

ITS_TESTS = frozenset({"test", "tests"})
"""Some Pythons bring the tests of these packages along, some do not."""

NO_FILE = "has no Python file (hidden folders, caches and virtual environments are left out)"


class NothingToReview(ArbiterError):
    """There is no Python file where the demo was told to look."""

    code = "nothing_to_review"

    def __init__(self, place: str, reason: str) -> None:
        """Name the place, the reason, and what would be right."""
        self.place, self.reason = place, reason
        super().__init__(
            f"PATH: {_printable(place)} {reason};"
            " name a Python file or a folder that holds some, or no path at all to review"
            " the standard library"
        )


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The files to review, sorted, by absolute path; and those that could not be taken along."""

    files: tuple[Path, ...]
    unnameable: tuple[str, ...] = ()
    """Files whose name is not UTF-8, in printable form: JSON cannot carry such a name."""


def sources(place: str | os.PathLike[str] | None = None) -> Sources:
    """Every Python file at a place, or of the standard packages, or NothingToReview."""
    if place is None:
        found = (file for each in _standard() for file in _below(each, without=ITS_TESTS))
        return _taken("the standard library", found)
    root = Path(place).absolute()
    if not os.path.exists(place):  # noqa: PTH110  (Path.exists raises for a name that is too long)
        raise NothingToReview(str(place), "does not exist")
    if root.is_dir():
        if not os.access(root, os.R_OK | os.X_OK):
            raise NothingToReview(str(place), "is a folder that may not be read")
        return _taken(str(place), _below(root))
    return _taken(str(place), iter([root] if _is_python(root) else []))


def _taken(place: str, found: Iterable[Path]) -> Sources:
    files, unnameable = [], []
    for file in found:
        if _is_utf8(file):
            files.append(file)
        else:
            unnameable.append(_printable(str(file)))
    if not files:
        reason = "has only Python files whose names are not UTF-8" if unnameable else NO_FILE
        raise NothingToReview(place, reason)
    return Sources(files=tuple(sorted(files)), unnameable=tuple(sorted(unnameable)))


def _standard() -> Iterator[Path]:
    for name in STANDARD:
        spec = find_spec(name)
        for folder in spec.submodule_search_locations or () if spec else ():
            yield Path(folder)


def _below(folder: Path, without: Collection[str] = ()) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        if "pyvenv.cfg" in files and Path(here) != folder:
            folders.clear()
            continue
        folders[:] = [name for name in folders if _is_wanted(name) and name not in without]
        yield from (
            Path(here, name) for name in files if _is_wanted(name) and _is_python(Path(here, name))
        )


def _is_wanted(name: str) -> bool:
    return not name.startswith(".") and name != "__pycache__"


def _is_python(file: Path) -> bool:
    return file.suffix == ".py" and file.is_file()


def _is_utf8(file: Path) -> bool:
    try:
        str(file).encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(name: str) -> str:
    return name.encode(errors="backslashreplace").decode()
