"""Typed use of Arbiter, as a type checker sees it; read by mypy and pyright, never run.

`assert_type` says what an expression is; an ignored error says what is refused, and an ignore that
is no longer needed is an error of its own.
"""

from __future__ import annotations

from typing import assert_type

from arbiter.domain.status import FINAL, Status


def a_status_is_text_and_more(status: Status) -> str:
    assert_type(FINAL, frozenset[Status])
    return status


def text_is_no_status() -> Status:
    return "queued"  # type: ignore[return-value]
