"""Whether findings are right: of those that two tools can both make, how many the other one makes too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

COMPLEX = "C901"
"""Ruff's name for a function that is too complex; radon says so by a rank."""


class Confirmed(NamedTuple):
    """Some of the findings in an answer."""

    made: int
    """Those that the other tool can make at all."""

    shared: int
    """Those that it did make."""

    @property
    def quality(self) -> float | None:
        """The share that was confirmed; None where there was nothing to confirm."""
        return self.shared / self.made if self.made else None


def confirmed(answer: Mapping[str, Any], other: Mapping[str, Any]) -> Confirmed:
    """Compare two answers about one file: the same check, at the same line."""
    made, theirs = comparable(answer), comparable(other)
    return Confirmed(len(made), len(made & theirs))


def comparable(answer: Mapping[str, Any]) -> frozenset[tuple[str, int]]:
    """The findings of an answer that its rival could make too, by check and line."""
    return frozenset(_comparable(answer["findings"]))


def _comparable(findings: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, int]]:
    for finding in findings:
        check = _check(finding["rule"])
        if check is not None:
            yield check, finding["line"]


def _check(rule: str) -> str | None:
    """The check that both of a pair know: bandit's B602 is ruff's S602, radon's rank C or worse its C901."""
    if rule == COMPLEX or rule.startswith("complexity-"):
        return COMPLEX
    return rule[1:] if rule[:1] in {"B", "S"} and rule[1:].isdigit() else None
