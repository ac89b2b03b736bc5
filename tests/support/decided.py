"""A log of decisions, drawn by a strategy, with what came of each: written by the real verbs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from arbiter.application.ports import Entry
from arbiter.domain import facts as f
from arbiter.domain.routing import Seen, Strategy, decide
from arbiter.testing.builders import (
    attempt_failed,
    completed,
    gated,
    routed,
    started,
    submitted,
)
from arbiter.testing.contracts.given import decision

TIMED_OUT = f.Failure(kind="timeout", type="StartToCloseTimeout", message="took too long")
CHANCES = {"ruff": 0.9, "bandit": 0.5}


def entries(
    strategy: Strategy,
    *,
    tasks: int,
    seed: int = 1,
    kind: str = "review",
    at: datetime | None = None,
    chances: dict[str, float] = CHANCES,
    timed_out: float = 0.0,
    price: float = 0.0,
    made: f.Decision | None = None,
) -> list[Entry]:
    """Tasks of one kind, each decided and ended; the quality of a result is its agent's chance.

    With `made`, each is recorded as decided so, whatever was drawn.
    """
    random, found = Random(seed), []
    at = at or datetime.now(UTC) - timedelta(minutes=5)
    for number in range(tasks):
        seen = [Seen(agent=name, success_rate=rate, attempts=9) for name, rate in chances.items()]
        agent, told = decide(strategy, seen, draw=random.random(), decisions=number)
        if random.random() < timed_out:
            end = attempt_failed(error=TIMED_OUT)
        elif random.random() < chances[agent]:
            end = completed(quality=chances[agent], cost=price or None)
        else:
            end = attempt_failed
        steps = (
            submitted(task_id=UUID(int=random.getrandbits(128), version=4), kind=kind),
            gated,
            routed(agent=agent, decision=made or told),
            started,
            end,
        )
        found.append(decision(None, *steps, at=at + timedelta(milliseconds=number))[0])
    return found
