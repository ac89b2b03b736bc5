"""What was decided about a task, and what came of each decision: a fold of the task's own facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from arbiter.domain import facts as f
from arbiter.domain.failures import blames_agent

End = Literal["completed", "failed", "cancelled", "timed_out", "lost", "given_back", "unfinished"]


class Choice(msgspec.Struct, kw_only=True, gc=False):
    """One decision, and how the attempt it led to has ended so far."""

    kind: str
    attempt: int
    agent: str
    at: datetime
    decision: f.Decision
    end: End = "unfinished"
    quality: float | None = None
    """What the result is taken for; None where nobody said."""

    cost: float | None = None
    """The last that the handler told, else what its agent was believed to cost."""


def choices(facts: Sequence[f.Fact]) -> list[Choice]:
    """Return the decisions about one task, in order, from all the facts of its stream."""
    found: list[Choice] = []
    kind = ""
    for fact in facts:
        match fact:
            case f.TaskSubmitted():
                kind = fact.kind
            case f.TaskRouted():
                found.append(_choice(kind, fact))
            case _ if found and found[-1].end == "unfinished":
                _follow(found[-1], fact)
            case _:
                pass
    return found


def judge(choice: Choice, said: Iterable[f.Fact]) -> None:
    """Take the quality of a choice for what its judges say, their last word last."""
    for fact in said:
        if isinstance(fact, f.OutcomeRated):
            choice.quality = fact.counts


def counted(found: Iterable[Choice]) -> Mapping[str, int]:
    """How many choices ended which way; ends that never happened are left out."""
    ends: dict[str, int] = {}
    for choice in found:
        ends[choice.end] = ends.get(choice.end, 0) + 1
    return ends


def _choice(kind: str, fact: f.TaskRouted) -> Choice:
    seen = next((c.features for c in fact.decision.candidates if c.agent == fact.agent), None)
    return Choice(
        kind=kind,
        attempt=fact.attempt,
        agent=fact.agent,
        at=fact.at,
        decision=fact.decision,
        cost=None if seen is None else seen.cost,
    )


def _follow(choice: Choice, fact: f.Fact) -> None:
    match fact:
        case f.TaskUsageReported():
            choice.cost = fact.cost
        case f.TaskCompleted():
            choice.end, choice.quality = "completed", fact.quality
            choice.cost = choice.cost if fact.cost is None else fact.cost
        case f.TaskAttemptFailed(error=error) | f.TaskFailed(error=error):
            choice.end = _failed(error)
        case f.TaskCancelled():
            choice.end = "cancelled"
        case f.TaskReleased() | f.TaskSuspended():
            choice.end = "given_back"
        case _:
            pass


def _failed(error: f.Failure) -> End:
    if error.kind == "timeout":
        return "timed_out"
    return "failed" if blames_agent(error) else "lost"
