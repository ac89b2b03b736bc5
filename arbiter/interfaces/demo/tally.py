"""What the reviewers found, counted: by kind and rule, and by file."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

Reviewed = tuple[str, str, Mapping[str, Any]]
"""One completed task: its kind, the file, and the reviewer's answer."""


class Rule(NamedTuple):
    review: str
    """The kind, without what all kinds begin with."""

    name: str


class WorstFile(NamedTuple):
    name: str
    findings: Counter[str]
    """By kind of review."""
    lines: int


@dataclass(frozen=True)
class Tally:
    """Counts over all answers; `example` is the first sentence that a rule gave."""

    rules: Counter[Rule] = field(default_factory=Counter)
    example: dict[Rule, str] = field(default_factory=dict)
    reviews: Counter[str] = field(default_factory=Counter)
    """Findings by kind of review."""

    tools: dict[str, set[str]] = field(default_factory=dict)
    """Who made the reviews of a kind."""

    files: dict[str, Counter[str]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, reviews: Iterable[Reviewed]) -> Tally:
        tally = cls()
        for kind, file, answer in sorted(reviews, key=lambda review: review[:2]):
            tally._add(kind.removeprefix("review."), file, answer)
        return tally

    @property
    def findings(self) -> int:
        return self.reviews.total()

    def commonest(self, most: int) -> list[tuple[Rule, int]]:
        """The rules broken most often; equals in the order of their names."""
        return sorted(self.rules.items(), key=lambda rule: (-rule[1], rule[0]))[:most]

    def worst(self, most: int) -> list[WorstFile]:
        """The files with most findings, named from the folder that holds them all."""
        found = [name for name in self.files if self.files[name]]
        found.sort(key=lambda name: (-self.files[name].total(), name))
        shared = _shared_folder(list(self.files))
        return [
            WorstFile(os.path.relpath(name, shared), self.files[name], self.lines[name])
            for name in found[:most]
        ]

    def _add(self, review: str, file: str, answer: Mapping[str, Any]) -> None:
        for finding in answer["findings"]:
            rule = Rule(review, finding["rule"])
            self.rules[rule] += 1
            self.example.setdefault(rule, finding["message"])
        found = len(answer["findings"]) + answer.get("omitted", 0)
        self.reviews[review] += found
        self.tools.setdefault(review, set()).add(f"{answer['tool']} {answer['version']}")
        self.files.setdefault(file, Counter())[review] += found
        self.lines[file] = answer["lines"]


def _shared_folder(files: Sequence[str]) -> str:
    return os.path.commonpath([Path(file).parent for file in files]) if files else ""
