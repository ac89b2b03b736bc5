"""Bandit as a reviewer of security, inside this process, because its program takes long to start."""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from arbiter.interfaces.demo.reading import PARSE_ERROR, Finding, Source, answer, parse_error
from arbiter.interfaces.demo.tools import PARSING, module, quiet_parsing


class _Bandit(NamedTuple):
    version: str
    manager: Any
    config: Any


def review(path: str | Path) -> dict[str, Any]:
    """What bandit finds in a file, at every severity."""
    source, bandit = Source.at(path), _bandit()
    # A manager keeps its results: one for each file, so that threads share none.
    manager = bandit.manager.BanditManager(bandit.config.BanditConfig(), "file", quiet=True)
    manager.files_list = [str(source.path)]
    with PARSING:
        manager.run_tests()
        unparsed = [_unparsed(source, reason) for _, reason in manager.skipped]
    return answer("bandit", bandit.version, source, [*unparsed, *_found(manager)])


def _found(manager: Any) -> Iterable[Finding]:
    for issue in manager.get_issue_list():
        yield Finding(issue.test_id, issue.lineno, issue.text)


def _unparsed(source: Source, reason: str) -> Finding:
    # Bandit says that it skipped a file, not where it stumbled.
    try:
        ast.parse(source.content)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as stumbled:
        return parse_error(stumbled)
    return Finding(PARSE_ERROR, 1, reason)


@cache
def _bandit() -> _Bandit:
    manager, config = module("bandit.core.manager"), module("bandit.core.config")
    # What it would log is in its answer; a logger without a handler writes to the terminal.
    logger = logging.getLogger("bandit")
    logger.setLevel(logging.CRITICAL)
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    quiet_parsing()
    return _Bandit(version("bandit"), manager, config)
