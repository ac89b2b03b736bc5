"""A file as its reviewers read it, and the shape in which they answer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from tokenize import detect_encoding
from typing import Any, NamedTuple

PARSE_ERROR = "parse-error"

MOST_CHARACTERS = 200
MOST_BYTES = 128 * 1024
"""Of the findings in one answer: half of what a task's result may hold by default."""


class Finding(NamedTuple):
    rule: str
    line: int
    message: str


@dataclass(frozen=True)
class Source:
    """One file's bytes, read once; OSError, and so another attempt, when it cannot be read."""

    path: Path
    content: bytes

    @classmethod
    def at(cls, path: str | Path) -> Source:
        file = Path(path)
        return cls(file, file.read_bytes())

    @property
    def lines(self) -> int:
        return len(self.content.splitlines())

    @cached_property
    def text(self) -> str:
        """Decoded as Python does, by its BOM or coding line, or SyntaxError."""
        encoding, _ = detect_encoding(BytesIO(self.content).readline)
        try:
            return self.content.decode(encoding)
        except (ValueError, LookupError) as undecodable:
            raise SyntaxError(str(undecodable)) from undecodable


def parse_error(error: BaseException) -> Finding:
    """What is said of a file that its tool cannot parse."""
    if isinstance(error, SyntaxError):
        return Finding(PARSE_ERROR, error.lineno or 1, error.msg)
    return Finding(PARSE_ERROR, 1, f"{type(error).__name__}: {error}")


def answer(
    tool: str, version: str, source: Source, findings: Iterable[Finding], **more: Any
) -> dict[str, Any]:
    """A reviewer's answer as JSON: findings by line, as many as a result has room for."""
    every = sorted(findings, key=lambda finding: (finding.line, finding.rule))
    listed = list(_that_fit(every))
    return {
        "tool": tool,
        "version": version,
        "file": str(source.path),
        "lines": source.lines,
        "findings": listed,
        "omitted": len(every) - len(listed),
        **more,
    }


def _that_fit(findings: Iterable[Finding]) -> Iterable[dict[str, Any]]:
    room = MOST_BYTES
    for rule, line, message in findings:
        entry = {"rule": rule, "line": line, "message": one_line(message)}
        room -= len(json.dumps(entry))  # escaped to ASCII: never shorter than UTF-8
        if room < 0:
            return
        yield entry


def one_line(text: str) -> str:
    """Text as one printable line: tools quote control characters that a result must not carry."""
    line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in " ".join(text.split()))
    return line if len(line) <= MOST_CHARACTERS else line[: MOST_CHARACTERS - 1] + "…"
