"""The style reviewer: ruff, one run of its program per file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from arbiter.interfaces.demo.reading import (
    PARSE_ERROR,
    Finding,
    Source,
    answer,
    one_line,
    parse_error,
)
from arbiter.interfaces.demo.tools import ToolMissing, executable

RULES = "E,F,W,B,UP,SIM,C4,N"
NOT_RULES = "E501"  # long lines drown what is worth reading

NEWEST_SYNTAX = (3, 14)  # ruff refuses a version it does not know
PATIENCE = 30.0
OVERFLOWED = (-signal.SIGABRT, -signal.SIGSEGV)  # how code nested too deep ends a native parser
READ_BUT_NOT_PARSED = {None, "invalid-syntax", "E902", "E999"}


def review(path: str | Path) -> dict[str, Any]:
    """What ruff finds in a file, by its own defaults and a fixed choice of rules."""
    source, ruff = Source.at(path), _ruff()
    try:
        findings = _check(ruff, source.path, source.text.encode())
    except (SyntaxError, UnicodeEncodeError) as unreadable:
        findings = [parse_error(unreadable)]
    return answer("ruff", _version(ruff), source, findings)


def _check(ruff: str, path: Path, text: bytes) -> list[Finding]:
    # By standard input, because ruff itself reads nothing but UTF-8.
    # --isolated: the answer must not depend on a configuration that lies near the file.
    ran = subprocess.run(
        [
            *(ruff, "check", "--isolated", "--no-cache", "--output-format", "json"),
            *("--select", RULES, "--ignore", NOT_RULES, "--target-version", _syntax()),
            *("--stdin-filename", str(path), "-"),
        ],
        input=text,
        capture_output=True,
        check=False,
        timeout=PATIENCE,
        # Its own process group: Ctrl-C at the terminal drains the worker, not this file's review.
        process_group=0,
    )
    if ran.returncode in (0, 1):
        return [_finding(found) for found in json.loads(ran.stdout)]
    said = ran.stderr.decode(errors="replace").strip() or "without a word"
    if ran.returncode in OVERFLOWED:
        return [Finding(PARSE_ERROR, 1, f"ruff gave up: {said}")]
    raise RuntimeError(f"ruff ended with {ran.returncode}: {one_line(said)}")


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
