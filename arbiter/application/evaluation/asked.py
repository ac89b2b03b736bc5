"""Checks a question as a caller puts it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from arbiter.application.evaluation.judging import ALL_KINDS, Question
from arbiter.application.evaluation.rewards import Rewarding
from arbiter.domain.errors import InvalidInput
from arbiter.domain.record import Reward
from arbiter.domain.routing import named


def question(
    strategy: str,
    *,
    since: datetime,
    kind: str | None = None,
    reward: Reward = "success",
    price: float = 1.0,
    parameters: Mapping[str, object] | None = None,
) -> Question:
    """Return the question. Raises InvalidInput."""
    if since.tzinfo is None:
        raise InvalidInput("since", f"{since} names no time zone", "give it one, like UTC")
    if kind is not None and not kind.strip():
        raise InvalidInput("kind", "is empty", "leave it out for all kinds")
    return Question(
        strategy=named(strategy, parameters),
        since=since,
        kind=ALL_KINDS if kind is None else kind,
        reward=Rewarding(reward=reward, price=price),
    )
