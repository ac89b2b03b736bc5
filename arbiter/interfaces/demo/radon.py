"""Radon as a reviewer of complexity: its cyclomatic complexity and maintainability index."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from arbiter.interfaces.demo.reading import Finding, Source, answer, parse_error
from arbiter.interfaces.demo.tools import PARSING, module, quiet_parsing

WORTH_SAYING = "C"  # ranks run from A, simple, to F, beyond understanding

MOST_LINES = 300
"""Of one statement: for the index, radon reads its first line, then its first two, then three, and so on."""

PARTS = ("body", "orelse", "finalbody", "handlers", "cases")


class _Radon(NamedTuple):
    version: str
    complexity: Any
    metrics: Any


def review(path: str | Path, *, with_index: bool = True) -> dict[str, Any]:
    """Blocks and files of rank C or worse, and the file's maintainability from 0 to 100.

    None for a file with a statement of hundreds of lines, a table mostly: it would take minutes.
    """
    source, radon = Source.at(path), _radon()
    try:
        with PARSING:
            tree = ast.parse(source.text)
            blocks = radon.complexity.cc_visit_ast(tree)
            index = None
            if with_index and longest_statement(tree) <= MOST_LINES:
                index = round(radon.metrics.mi_visit(source.text, multi=True), 1)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as unparsed:
        findings: list[Finding] = [parse_error(unparsed)]
        return answer("radon", radon.version, source, findings, maintainability=None)
    findings = [*_of_blocks(radon, blocks), *_of_file(radon, index)]
    return answer("radon", radon.version, source, findings, maintainability=index)


def longest_statement(tree: ast.AST) -> int:
    """Lines of the longest statement that holds no other."""
    longest, ahead = 0, [tree]
    while ahead:
        node = ahead.pop()
        inside = [each for part in PARTS for each in getattr(node, part, ())]
        if not inside and isinstance(node, ast.stmt):
            longest = max(longest, (node.end_lineno or node.lineno) - node.lineno + 1)
        ahead += inside
    return longest


def _of_blocks(radon: _Radon, blocks: Iterable[Any]) -> Iterable[Finding]:
    for block in blocks:
        rank = radon.complexity.cc_rank(block.complexity)
        if rank >= WORTH_SAYING:
            what = {"C": "class", "M": "method"}.get(block.letter, "function")
            rule = f"class-complexity-{rank}" if what == "class" else f"complexity-{rank}"
            said = f"{what} {block.fullname} has a cyclomatic complexity of {block.complexity}"
            yield Finding(rule, block.lineno, said)


def _of_file(radon: _Radon, index: float | None) -> Iterable[Finding]:
    if index is None:
        return
    rank = radon.metrics.mi_rank(index)
    if rank >= WORTH_SAYING:
        said = f"the file's maintainability index is {index:.1f} of 100"
        yield Finding(f"maintainability-{rank}", 1, said)


@cache
def _radon() -> _Radon:
    complexity, metrics = module("radon.complexity"), module("radon.metrics")
    quiet_parsing()
    return _Radon(version("radon"), complexity, metrics)
