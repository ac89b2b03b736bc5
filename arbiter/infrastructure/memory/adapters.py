"""All in-memory twins over one store, as one value to hand around."""

from __future__ import annotations

from dataclasses import dataclass

from arbiter.application.ports import Clock
from arbiter.infrastructure.memory.assignments import MemoryAssignments
from arbiter.infrastructure.memory.bell import MemoryBell
from arbiter.infrastructure.memory.breakers import MemoryBreakers
from arbiter.infrastructure.memory.directory import MemoryDirectory
from arbiter.infrastructure.memory.leases import MemoryLeases
from arbiter.infrastructure.memory.log import MemoryLog
from arbiter.infrastructure.memory.queues import MemoryQueues
from arbiter.infrastructure.memory.ready_queue import MemoryReadyQueue
from arbiter.infrastructure.memory.remote import MemoryRemoteAttempts
from arbiter.infrastructure.memory.store import MemoryStore


@dataclass(frozen=True, kw_only=True)
class MemoryAdapters:
    """One adapter for each port; all of them see the same facts."""

    store: MemoryStore
    clock: Clock
    log: MemoryLog
    ready: MemoryReadyQueue
    assignments: MemoryAssignments
    leases: MemoryLeases
    directory: MemoryDirectory
    queues: MemoryQueues
    breakers: MemoryBreakers
    remote: MemoryRemoteAttempts
    bell: MemoryBell


def in_memory(clock: Clock) -> MemoryAdapters:
    """Build a new, empty store with all its adapters."""
    store = MemoryStore(clock)
    return MemoryAdapters(
        store=store,
        clock=clock,
        log=MemoryLog(store),
        ready=MemoryReadyQueue(store),
        assignments=MemoryAssignments(store),
        leases=MemoryLeases(store),
        directory=MemoryDirectory(store),
        queues=MemoryQueues(store),
        breakers=MemoryBreakers(store),
        remote=MemoryRemoteAttempts(store),
        bell=store.bell,
    )
