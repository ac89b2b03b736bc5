"""What happens without a database: a status transition, and the call of a listener."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from time import perf_counter
from typing import NamedTuple
from uuid import UUID

from arbiter.application.ports import Recorded
from arbiter.bootstrap.core import new_id
from arbiter.domain import verbs
from arbiter.domain.blob import NULL, Blob, blob_of
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.gate import PersonsHold
from arbiter.domain.routing import MostFreeSlots
from arbiter.domain.task import evolve
from arbiter.interfaces.bench.workload import AGENT, KIND
from arbiter.runtime.listeners import Event, Listeners, event_of

ROUNDS = 7
TRANSITIONS = 5
ROUTER = MostFreeSlots()


class _Agent(NamedTuple):
    name: str
    busy: int
    slots: int


CANDIDATES = (_Agent(AGENT, 0, 1),)


@dataclass(frozen=True)
class InProcess:
    """Microseconds, in the middle of several rounds."""

    transition: float
    """Deciding one fact and remembering it, over a whole life: submitted to completed."""

    listener_call: float
    """From a recorded fact to the return of a listener, on the listeners' thread."""


def in_process(*, lives: int, calls: int) -> InProcess:
    """Measure both."""
    ids = [new_id(datetime.now(UTC)) for _ in range(lives)]
    return InProcess(
        transition=median(_transitions(ids) for _ in range(ROUNDS)),
        listener_call=median(_listener_calls(calls) for _ in range(ROUNDS)),
    )


def _transitions(ids: Sequence[UUID]) -> float:
    at, payload = datetime.now(UTC), blob_of(b'{"number":0}')
    begun = perf_counter()
    for task_id in ids:
        _live(task_id, at, payload)
    return (perf_counter() - begun) / len(ids) / TRANSITIONS * 1e6


def _live(task_id: UUID, at: datetime, payload: Blob) -> Sequence[TaskFact]:
    """Take a task from its submission to its completion."""
    submitted = verbs.submit(task_id, KIND, at=at, payload=payload)
    task = evolve(None, submitted)
    validated = PersonsHold().answer(task, at=at)
    task = evolve(task, validated)
    name, decision = ROUTER.choose(task, CANDIDATES, 0.0)
    routed = verbs.route(task, name, decision, attempt_id=task_id, incarnation=task_id, at=at)
    task = evolve(task, routed)
    started = verbs.start(task, task_id, at=at)
    task = evolve(task, started)
    completed = verbs.complete(task, task_id, NULL, at=at)
    evolve(task, completed)
    return submitted, validated, routed, started, completed


def _listener_calls(calls: int) -> float:
    at = datetime.now(UTC)
    life = _live(new_id(at), at, NULL)
    recorded = [Recorded(life[place % len(life)], place) for place in range(calls)]
    heard, last = 0, threading.Event()

    def listen(_: Event) -> None:
        nonlocal heard
        heard += 1
        if heard == calls:
            last.set()

    listeners = Listeners()
    ear = listeners.add(listen)
    begun = perf_counter()
    ear.hear([event_of(each) for each in recorded])
    last.wait()
    took = perf_counter() - begun
    listeners.close()
    return took / calls * 1e6
