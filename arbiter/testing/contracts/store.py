"""What a suite is given: one adapter for each port, all of them over the same facts."""

from __future__ import annotations

from typing import Protocol

from arbiter.application.ports import (
    Assignments,
    Bell,
    Breakers,
    Clock,
    Directory,
    Leases,
    Log,
    Queues,
    ReadyQueue,
    RemoteAttempts,
)


class Store(Protocol):
    """The adapters under test; nothing is in them yet."""

    @property
    def log(self) -> Log: ...
    @property
    def ready(self) -> ReadyQueue: ...
    @property
    def assignments(self) -> Assignments: ...
    @property
    def leases(self) -> Leases: ...
    @property
    def directory(self) -> Directory: ...
    @property
    def queues(self) -> Queues: ...
    @property
    def breakers(self) -> Breakers: ...
    @property
    def remote(self) -> RemoteAttempts: ...
    @property
    def bell(self) -> Bell: ...
    @property
    def clock(self) -> Clock: ...
