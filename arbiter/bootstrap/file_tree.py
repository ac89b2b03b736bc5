"""Reads a TOML or YAML file as plain values, and tells on which line each of them stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path as FilePath
from typing import Any

from arbiter.domain.errors import InvalidAgent

Path = tuple[str | int, ...]
"""Keys and places, from the top of a file to a value."""

LARGEST_FILE = 1024 * 1024
MOST_VALUES = 100_000
"""What a file that repeats itself by reference may grow to."""


class Tree:
    """The values of one file."""

    def __init__(
        self, file: FilePath, values: Mapping[str, Any], line_of: Callable[[Path], int | None]
    ) -> None:
        """`line_of` tells a line, counted from 1, or None where it cannot be told."""
        self.file, self.values, self._line_of = file, values, line_of

    def refuse(self, path: Path, reason: str, expected: str = "") -> InvalidAgent:
        """Return the refusal of one value, which names the file, the line and the way to it."""
        line = next((at for end in range(len(path), 0, -1) if (at := self._line_of(path[:end]))), 0)
        place = f"{self.file}:{line}" if line else str(self.file)
        return InvalidAgent(f"{place}: {written(path)}" if path else place, reason, expected)


def written(path: Path) -> str:
    """Write the way to a value as a person reads it: agents.ruff.kinds[0]."""
    return "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in path
    ).removeprefix(".")


def read_tree(file: FilePath) -> Tree:
    """Read a file by its ending: .toml, .yaml or .yml. Raises InvalidAgent with the place of a mistake."""
    readers = {".toml": _toml, ".yaml": _yaml, ".yml": _yaml}
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise InvalidAgent(str(file), "is neither TOML nor YAML", "name it .toml, .yaml or .yml")
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise InvalidAgent(str(file), f"is larger than {LARGEST_FILE:,} bytes")
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidAgent(str(file), f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InvalidAgent(str(file), f"not UTF-8 at byte {error.start}") from None
    return reader(file, text)


def _toml(file: FilePath, text: str) -> Tree:
    try:
        return Tree(file, tomllib.loads(text), lambda path: _line_in_toml(text, path))
    except tomllib.TOMLDecodeError as error:
        raise InvalidAgent(str(file), f"not TOML: {_lower(str(error))}") from None


def _line_in_toml(text: str, path: Path) -> int | None:
    """Find the line of a table or of a key in it; the parser of the standard library keeps none."""
    names = [step for step in path if isinstance(step, str)]
    if len(names) < len(path):
        return None
    for cut in range(len(names), -1, -1):
        table, key = names[:cut], names[cut:]
        begin = _header(text, table) if table else 0
        if begin is None or len(key) > 1:
            continue
        if not key:
            return text.count("\n", 0, begin) + 1
        rest = text[begin:]
        body = rest[: following.start()] if (following := _HEADER.search(rest, 1)) else rest
        found = re.search(rf"^[ \t]*{_named(key[0])}[ \t]*[=.]", body, re.MULTILINE)
        if found:
            return text.count("\n", 0, begin + found.start()) + 1
    return None


_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)


def _header(text: str, names: list[str]) -> int | None:
    inside = r"[ \t]*\.[ \t]*".join(_named(name) for name in names)
    # Exactly this table, or else the first that lies within it.
    found = re.search(rf"^[ \t]*\[[ \t]*{inside}[ \t]*\]", text, re.MULTILINE) or re.search(
        rf"^[ \t]*\[[ \t]*{inside}[ \t]*\.", text, re.MULTILINE
    )
    return found.start() if found else None


def _named(name: str) -> str:
    word = re.escape(name)
    return rf"(?:{word}|\"{word}\"|'{word}')"


def _yaml(file: FilePath, text: str) -> Tree:
    try:
        from ruamel.yaml import YAML  # noqa: PLC0415 - an extra, needed for this ending only
        from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415
    except ImportError:
        raise InvalidAgent(
            str(file),
            "YAML needs ruamel.yaml",
            "pip install 'arbiter-orchestrator[yaml]', or use TOML",
        ) from None
    try:
        # Round-trip: it keeps lines. YAML 1.2: no word but true and false is a truth value.
        loaded = YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{file}:{mark.line + 1}" if mark else str(file)
        raise InvalidAgent(place, f"not YAML to us: {_problem(error.problem)}") from None
    except (YAMLError, RecursionError, ValueError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InvalidAgent(str(file), f"not YAML to us: {_lower(said)}") from None
    if not isinstance(loaded, Mapping):
        raise InvalidAgent(str(file), "holds no mapping", "begin with agents:")
    plain = _Plain(file)
    values = plain.of(loaded)
    return Tree(file, values, lambda path: _line_in_yaml(loaded, path))


class _Plain:
    """Makes plain values of what a YAML parser returns, within bounds."""

    def __init__(self, file: FilePath) -> None:
        self._file, self._seen = file, 0

    def of(self, value: Any) -> Any:
        self._seen += 1
        if self._seen > MOST_VALUES:
            raise InvalidAgent(str(self._file), f"holds more than {MOST_VALUES:,} values")
        if isinstance(value, Mapping):
            return {str(key): self.of(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.of(each) for each in value]
        for kind in (bool, int, float, str):
            if isinstance(value, kind):
                return kind(value)
        return value


def _line_in_yaml(loaded: Any, path: Path) -> int | None:
    here = loaded
    for step in path[:-1]:
        here = _inside(here, step)
    try:
        last = path[-1]
        line, _ = here.lc.item(last) if isinstance(last, int) else here.lc.key(last)
    except (AttributeError, KeyError, IndexError, TypeError):
        return None
    return int(line) + 1


def _inside(value: Any, step: str | int) -> Any:
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return None


def _problem(said: str | None) -> str:
    first = (said or "a mistake").splitlines()[0]
    found = re.match(r'found duplicate key "?(.+?)"? with value', first)
    return f"the key {found[1]!r} stands twice" if found else _lower(first)


def _lower(said: str) -> str:
    return said[:1].lower() + said[1:]
