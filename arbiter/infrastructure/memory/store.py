"""What the in-memory twins share, as the tables of one schema are shared."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from arbiter.application.ports import Clock, Entry, Presence, QueueState, RemoteAttempt
from arbiter.domain.agents import Agent
from arbiter.domain.breaker import Breaker
from arbiter.domain.errors import Conflict
from arbiter.infrastructure.memory.bell import MemoryBell
from arbiter.infrastructure.memory.facts import Facts
from arbiter.infrastructure.memory.ready_rows import ReadyRows


class WorkerRow(msgspec.Struct, kw_only=True):
    """One worker incarnation."""

    incarnation: UUID
    worker: str
    host: str
    pid: int
    agents: tuple[str, ...]
    queues: tuple[str, ...]
    joined_at: datetime
    status: Literal["live", "lost", "gone"] = "live"
    beat: int = 0


class Permit(msgspec.Struct, frozen=True):
    """The permit of one attempt to try out whom a half-open breaker guards."""

    attempt_id: UUID
    incarnation: UUID


class MemoryStore:
    """The tables; each adapter's method runs whole between two awaits, which is its transaction."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.facts = Facts()
        self.rows = ReadyRows()
        self.workers: dict[UUID, WorkerRow] = {}
        self.agents: dict[str, Agent] = {}
        self.presence: dict[str, Presence] = {}
        self.kinds: set[str] = set()
        self.remote: dict[UUID, RemoteAttempt] = {}
        self.switches: dict[str, QueueState] = {}
        self.breakers: dict[str, Breaker] = {}
        self.permits: dict[tuple[str, UUID], Permit] = {}
        """By the breaker's name and the task."""

        self.bell = MemoryBell()

    def ring(self, *words: str) -> None:
        """Ring after an append; where a queue is limited, its end may have made room for another."""
        limited = any(state.running_limit is not None for state in self.switches.values())
        self.bell.ring({"log", *words, *(["ready"] if limited else [])})

    def meet(self, names: Collection[str], at: datetime) -> None:
        """Note that agents gave a sign of life; a later one stands."""
        for name in names:
            known = self.presence.get(name)
            if known is not None and known.seen_at < at:
                self.presence[name] = replace(known, seen_at=at)

    def refuse_moved(self, entry: Entry) -> None:
        """Raise Conflict if the task has moved on from the version the decision was made at."""
        row = self.rows.get(entry.task_id)
        if entry.was_live and (row is None or row.version != entry.expected):
            raise Conflict(entry.task_id, entry.expected)

    def write(self, entry: Entry) -> int:
        """Write a decision's facts and its row, both or neither; return the position reached."""
        self.refuse_moved(entry)
        try:
            reached = self.facts.add(entry.facts)
        except Conflict:
            raise Conflict(entry.task_id, entry.expected) from None
        if entry.row is None:
            self.rows.ended(entry.task_id)
        else:
            self.rows.decided(entry.row)
        return reached
