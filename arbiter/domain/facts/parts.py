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


class Seen(Part, frozen=True, kw_only=True):
    """An agent that could do a task, as the router sees it: all that a strategy may look at."""

    agent: str
    match: float = 1.0
    """0..1: how well it fits what is asked, its success left out."""
    attempts: int = 0
    """Outcomes known for this kind."""
    success_rate: float = 0.8
    quality: float = 0.7
    latency_ms: float = 5000.0
    cost: float = 0.0
    load: float = 0.0
    """Share of its slots in use, 0..1."""
    weight: float = 1.0
    wins: float = 1.0
    """With `losses`, the Beta posterior of its reward for this kind, by default its success."""
    losses: float = 1.0


class Candidate(Part, frozen=True, kw_only=True):
    """An agent that could have been chosen, as the router saw it."""

    agent: str
    score: float
    propensity: float
    """The probability with which it would have been chosen, given the shortlist."""
    shortlisted: float = 1.0
    """The probability to be on the shortlist: times `propensity`, that of being chosen at all."""
    features: Seen | None = None


class Decision(Part, frozen=True, kw_only=True):
    """Why this agent: all that is needed to make the same choice again."""

    strategy: str
    reason: str
    strategy_version: int = 1
    candidates: tuple[Candidate, ...] = ()
    draw: float | None = None
    """The random number that decided, in [0, 1); None where chance had no say."""
    decisions: int = 0
    """How many decisions of this kind came before, as the strategy was told."""
    shortlist_of: int = 0
    """How many could have been chosen, where only a shortlist is recorded; else 0."""
    confidence: float | None = None
    """0..1: how much is known in favour of the chosen one."""
    alternatives: tuple[str, ...] = ()
    """The next best, best first."""
    explored: bool = False
    """Whether the draw passed over the best, in order to learn."""
    took_ms: float | None = None
    known_at: int | None = None
    """The position of the log at which the features were known; None where none were looked at."""
