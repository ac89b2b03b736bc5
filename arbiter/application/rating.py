"""Takes in what judges say of results."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from arbiter.application.conflicts import decided_again
from arbiter.application.orchestrator import Orchestrator
from arbiter.domain import rating
from arbiter.domain.commands import Rate


class RatedResult(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of the result of a task."""

    task_id: UUID
    attempt: int
    agent: str
    kind: str
    ended_at: datetime
    quality: float | None
    """What it is taken for: the mean of its judges, else the handler's own word."""

    own: float | None
    """The handler's own word."""

    judges: Mapping[str, float]
    """The last word of each."""


async def rate(orchestrator: Orchestrator, command: Rate) -> RatedResult:
    """Record a judge's word; said again just so, nothing is written.

    Raises UnknownTask, NothingToRate.
    """
    return await decided_again(lambda: _once(orchestrator, command))


async def _once(orchestrator: Orchestrator, command: Rate) -> RatedResult:
    rated = rating.result_of(await orchestrator.load(command.task_id))
    rated = rating.remember(rated, await orchestrator.log.stream(rated.id))
    if rated.words.get(command.by) != command.quality:
        fact = rating.rate(
            rated, command.quality, command.by, at=orchestrator.clock.now(), why=command.why
        )
        await orchestrator.log.append_facts([fact])
        rated = rating.evolve(rated, fact)
    return RatedResult(
        task_id=rated.task_id,
        attempt=rated.attempt,
        agent=rated.agent,
        kind=rated.kind,
        ended_at=rated.ended_at,
        quality=rated.quality,
        own=rated.own,
        judges=rated.words,
    )
