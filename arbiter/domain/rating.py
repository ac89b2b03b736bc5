"""How good a result is, by those who judge it: the handler's own word first, then that of its judges."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from statistics import fmean
from uuid import UUID, uuid5

import msgspec
from msgspec.structs import replace

from arbiter.domain import facts as f
from arbiter.domain.errors import InvalidInput, NothingToRate
from arbiter.domain.status import Status
from arbiter.domain.task import Task

OUTCOMES = UUID("6f0d0a52-5d0b-5b42-9d2c-6f6f5d3d5a04")
"""The namespace of outcomes: the id of one follows from its task and attempt."""


class Rated(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The result of one attempt, and what is said of it."""

    id: UUID
    task_id: UUID
    attempt: int
    agent: str
    kind: str
    ended_at: datetime
    own: float | None = None
    """The handler's own word."""

    version: int = 0
    words: dict[str, float] = {}
    """The last word of each judge."""

    @property
    def quality(self) -> float | None:
        """What its quality is taken for: the mean of its judges, else the handler's word."""
        return fmean(self.words.values()) if self.words else self.own


def outcome_id(task_id: UUID, attempt: int) -> UUID:
    """Return the id of what is said of an attempt."""
    return uuid5(OUTCOMES, f"{task_id}\x1f{attempt}")


def result_of(task: Task) -> Rated:
    """Return the result that can be judged. Raises NothingToRate where there is none."""
    if task.status is not Status.COMPLETED or task.agent is None or task.ended_at is None:
        raise NothingToRate(task.id, task.status)
    return Rated(
        id=outcome_id(task.id, task.attempt),
        task_id=task.id,
        attempt=task.attempt,
        agent=task.agent,
        kind=task.kind,
        ended_at=task.ended_at,
        own=task.quality,
    )


def rate(
    rated: Rated, quality: float, judge: str, *, at: datetime, why: str | None = None
) -> f.OutcomeRated:
    """Say how good a result is; a judge who speaks again takes back the word before."""
    if not 0 <= quality <= 1:
        raise InvalidInput("quality", f"{quality!r} is out of range", "give a number from 0 to 1")
    return f.OutcomeRated(
        outcome_id=rated.id,
        version=rated.version + 1,
        at=at,
        task_id=rated.task_id,
        attempt=rated.attempt,
        agent=rated.agent,
        kind=rated.kind,
        quality=quality,
        judge=judge,
        counts=fmean((rated.words | {judge: quality}).values()),
        ended_at=rated.ended_at,
        before=rated.quality,
        why=why,
    )


def evolve(rated: Rated, happened: f.OutcomeRated) -> Rated:
    """Remember a word. Replay calls this: it never refuses."""
    words = rated.words | {happened.judge: happened.quality}
    return replace(rated, version=happened.version, words=words)


def remember(rated: Rated, facts: Iterable[f.Fact]) -> Rated:
    """Remember all that was said of a result."""
    for happened in facts:
        if isinstance(happened, f.OutcomeRated):
            rated = evolve(rated, happened)
    return rated
