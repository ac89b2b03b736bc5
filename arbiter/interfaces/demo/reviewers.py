"""The demo's three agents: one kind of task each, one maintained tool each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from arbiter.interfaces.demo import complexity, security, style


class Reviewable(Protocol):
    """All that a reviewer asks of a running task."""

    @property
    def payload(self) -> object: ...


def review_style(task: Reviewable) -> dict[str, Any]:
    """Ruff's findings in the file that the payload names."""
    return style.review(_file_of(task))


def review_security(task: Reviewable) -> dict[str, Any]:
    """Bandit's findings in the file that the payload names."""
    return security.review(_file_of(task))


def review_complexity(task: Reviewable) -> dict[str, Any]:
    """Radon's findings in the file that the payload names."""
    return complexity.review(_file_of(task))


REVIEWERS: Mapping[str, Callable[[Reviewable], dict[str, Any]]] = {
    "review.style": review_style,
    "review.security": review_security,
    "review.complexity": review_complexity,
}
"""Every kind of the demo and its handler."""


def _file_of(task: Reviewable) -> str:
    named = task.payload.get("path") if isinstance(task.payload, Mapping) else None
    if not isinstance(named, str):
        raise ValueError('payload: names no file; expected {"path": "…"}')  # noqa: TRY004  (its content is wrong)
    return named
