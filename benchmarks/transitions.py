"""Microseconds per transition in process: the verb that decides, and the memory that follows.

python benchmarks/transitions.py [--json]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from arbiter.domain import verbs
from arbiter.domain.blob import blob_of
from arbiter.domain.task import Task, evolve
from arbiter.testing.builders import (
    DECISION,
    ERROR,
    FIRST,
    GATE,
    NOON,
    TASK,
    WORKER,
    Decided,
    a_task,
    facts_of,
)

ROUNDS, TIMES = 7, 20_000

RESULT = blob_of(b'{"findings":[]}')
PENDING = a_task(payload=blob_of(b'{"path":"a.py"}'))
QUEUED = PENDING.queued()
ASSIGNED = QUEUED.routed_to("ruff")
RUNNING = ASSIGNED.running()

TRANSITIONS: dict[str, tuple[Task | None, Callable[[Any], Decided]]] = {
    "submitted": (None, lambda _: verbs.submit(TASK, "review", at=NOON, payload=RESULT)),
    "validated": (PENDING.task, lambda task: GATE.answer(task, at=NOON)),
    "routed": (
        QUEUED.task,
        lambda task: verbs.route(
            task, "ruff", DECISION, attempt_id=FIRST, incarnation=WORKER, at=NOON
        ),
    ),
    "started": (ASSIGNED.task, lambda task: verbs.start(task, FIRST, at=NOON)),
    "completed": (RUNNING.task, lambda task: verbs.complete(task, FIRST, RESULT, at=NOON)),
    "attempt_failed": (
        RUNNING.task,
        lambda task: verbs.fail_attempt(task, FIRST, ERROR, at=NOON, chance=0.5),
    ),
    "suspended": (RUNNING.task, lambda task: verbs.suspend(task, at=NOON)),
    "cancelled": (RUNNING.task, lambda task: verbs.cancel(task, at=NOON)),
}


def measure() -> dict[str, float]:
    """Microseconds for each transition, decided and remembered; the best of several rounds."""
    return {
        name: min(_round(task, decide) for _ in range(ROUNDS))
        for name, (task, decide) in TRANSITIONS.items()
    }


def _round(task: Task | None, decide: Callable[[Any], Decided]) -> float:
    begun = perf_counter()
    for _ in range(TIMES):
        for happened in facts_of(decide(task)):
            evolve(task, happened)
    return (perf_counter() - begun) / TIMES * 1e6


if __name__ == "__main__":
    measured = measure()
    if "--json" in sys.argv[1:]:
        print(json.dumps({name: round(micros, 3) for name, micros in measured.items()}))
    else:
        for name, micros in measured.items():
            print(f"{name:<16}{micros:6.2f} µs")
