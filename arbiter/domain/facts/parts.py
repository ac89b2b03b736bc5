"""The values that facts are made of."""

from __future__ import annotations

from typing import Literal

import msgspec

FailureKind = Literal["exception", "timeout", "worker_lost", "refused"]
WaitKind = Literal["person", "error", "approval", "waiver", "budget"]


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A value inside a fact."""


class Wait(Part, frozen=True, kw_only=True):
    """One thing a held task waits for."""

    kind: WaitKind
    reason: str


class Violation(Part, frozen=True, kw_only=True):
    """One rule a task breaks."""

    rule: str
    severity: str
    message: str
    field: str = ""
    suggestion: str = ""


class Failure(Part, frozen=True, kw_only=True):
    """Why an attempt, or a task, failed."""

    kind: FailureKind
    type: str
    message: str = ""
    detail: str = ""
    """The traceback or the tail of standard error, where there is one."""


class Candidate(Part, frozen=True, kw_only=True):
    """An agent that could have been chosen, as the router saw it."""

    agent: str
    score: float
    propensity: float
    """The probability with which it would have been chosen."""


class Decision(Part, frozen=True, kw_only=True):
    """Why this agent: all that is needed to make the same choice again."""

    strategy: str
    reason: str
    strategy_version: int = 1
    candidates: tuple[Candidate, ...] = ()
    draw: float | None = None
    """The random number that decided, in [0, 1); None where chance had no say."""
