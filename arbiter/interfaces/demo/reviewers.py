"""The demo's agents: for security and for complexity two reviewers compete, style has one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from arbiter.interfaces.demo import bandit, radon, ruff
from arbiter.interfaces.demo.cpu import CpuClock

Answer = dict[str, Any]

STYLE, SECURITY, COMPLEXITY = "review.style", "review.security", "review.complexity"
KINDS = (STYLE, SECURITY, COMPLEXITY)


class Reviewable(Protocol):
    """All that a reviewer asks of a running task."""

    @property
    def payload(self) -> object: ...

    def report_usage(self, *, files: int, lines: int, cost: float) -> object: ...


@dataclass(frozen=True)
class Reviewer:
    """One maintained tool, doing one kind of review; as an agent it is called by its name."""

    name: str
    kind: str
    reads: Callable[[str, CpuClock], Answer]
    confirms: Callable[[str, CpuClock], Answer] | None = None
    """Finds all that a rival can find too, for less; None where nothing can be left out."""

    def review(self, task: Reviewable) -> Answer:
        """Its findings in the file that the payload names; what they cost is told in CPU seconds."""
        cpu = CpuClock()
        answer = self.answer(_file_of(task), cpu)
        task.report_usage(files=1, lines=answer["lines"], cost=cpu.seconds)
        return answer

    def answer(self, file: str, cpu: CpuClock) -> Answer:
        """Its findings in a file, under its own name."""
        return {"reviewer": self.name, **self.reads(file, cpu)}

    def second_look(self, file: str) -> Answer:
        """Its findings in a file that a rival has reviewed, as far as the rival could make them."""
        look = self.confirms or self.reads
        return {"reviewer": self.name, **look(file, CpuClock())}


_ALL = (
    Reviewer("ruff", STYLE, lambda file, cpu: ruff.review(file, ruff.STYLE, cpu)),
    Reviewer("bandit", SECURITY, lambda file, _: bandit.review(file)),
    Reviewer("ruff-S", SECURITY, lambda file, cpu: ruff.review(file, ruff.SECURITY, cpu)),
    Reviewer(
        "radon",
        COMPLEXITY,
        lambda file, _: radon.review(file),
        confirms=lambda file, _: radon.review(file, with_index=False),
    ),
    Reviewer("ruff-C901", COMPLEXITY, lambda file, cpu: ruff.review(file, ruff.COMPLEXITY, cpu)),
)
REVIEWERS: Mapping[str, Reviewer] = {reviewer.name: reviewer for reviewer in _ALL}
"""Every agent of the demo by its name."""


def warm_up() -> None:
    """Load every tool, so that no review pays for that."""
    for reviewer in _ALL:
        reviewer.answer(os.devnull, CpuClock())


def rivals(name: str) -> tuple[Reviewer, ...]:
    """Who does the same kind of review as this one, with another tool."""
    kind = REVIEWERS[name].kind
    return tuple(each for each in _ALL if each.kind == kind and each.name != name)


def _file_of(task: Reviewable) -> str:
    named = task.payload.get("path") if isinstance(task.payload, Mapping) else None
    if not isinstance(named, str):
        raise ValueError('payload: names no file; expected {"path": "…"}')  # noqa: TRY004  (its content is wrong)
    return named
