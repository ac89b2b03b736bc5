"""Ruff as a reviewer: one run of its program per file, by one choice of rules for each kind of review."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from arbiter.interfaces.demo.cpu import PATIENCE, CpuClock, run
from arbiter.interfaces.demo.reading import (
    PARSE_ERROR,
    Finding,
    Source,
    answer,
    one_line,
    parse_error,
)
from arbiter.interfaces.demo.tools import ToolMissing, executable

Rules = tuple[str, ...]
"""Those that a review goes by, as ruff takes them; what they can be set to is left at its own defaults."""

STYLE: Rules = ("--select", "E,F,W,B,UP,SIM,C4,N", "--ignore", "E501")  # long lines drown the rest
SECURITY: Rules = ("--select", "S")
COMPLEXITY: Rules = ("--select", "C901")

NEWEST_SYNTAX = (3, 14)  # ruff refuses a version it does not know
OVERFLOWED = (-signal.SIGABRT, -signal.SIGSEGV)  # how code nested too deep ends a native parser
READ_BUT_NOT_PARSED = {None, "invalid-syntax", "E902", "E999"}


def review(path: str | Path, rules: Rules, cpu: CpuClock) -> dict[str, Any]:
    """What ruff finds in a file by these rules."""
    source, ruff = Source.at(path), _ruff()
    try:
        findings = _check(ruff, source.path, source.text.encode(), rules, cpu)
    except (SyntaxError, UnicodeEncodeError) as unreadable:
        findings = [parse_error(unreadable)]
    return answer("ruff", _version(ruff), source, findings)


def _check(ruff: str, path: Path, text: bytes, rules: Rules, cpu: CpuClock) -> list[Finding]:
    # By standard input, because ruff itself reads nothing but UTF-8.
    # --isolated: the answer must not depend on a configuration that lies near the file.
    ran = run(
        [
            *(ruff, "check", "--isolated", "--no-cache", "--output-format", "json"),
            *(*rules, "--target-version", _syntax()),
            *("--stdin-filename", str(path), "-"),
        ],
        text,
        cpu,
    )
    if ran.code in (0, 1):
        return [_finding(found) for found in json.loads(ran.stdout)]
    said = ran.stderr.decode(errors="replace").strip() or "without a word"
    if ran.code in OVERFLOWED:
        return [Finding(PARSE_ERROR, 1, f"ruff gave up: {said}")]
    raise RuntimeError(f"ruff ended with {ran.code}: {one_line(said)}")


def _finding(found: dict[str, Any]) -> Finding:
    rule = PARSE_ERROR if found["code"] in READ_BUT_NOT_PARSED else found["code"]
    return Finding(rule, found["location"]["row"], found["message"])


def _syntax() -> str:
    major, minor = min(sys.version_info[:2], NEWEST_SYNTAX)
    return f"py{major}{minor}"


@cache
def _version(ruff: str) -> str:
    ran = subprocess.run([ruff, "--version"], capture_output=True, check=True, timeout=PATIENCE)
    return ran.stdout.decode().split()[-1]


def _ruff() -> str:
    found = executable("ruff")
    if found is None:
        raise ToolMissing("ruff")
    return found
