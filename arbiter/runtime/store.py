"""All ports of one database, opened and closed together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from arbiter.application.ports import (
    Assignments,
    BeatStep,
    Bell,
    Breakers,
    Directory,
    Leases,
    Log,
    Queues,
    ReadyQueue,
    Records,
    RemoteAttempts,
)
from arbiter.application.views import Views
from arbiter.projections.ledger import Ledger


class Store(Protocol):
    """What an Arbiter stands on."""

    @property
    def log(self) -> Log:
        """All facts."""
        ...

    @property
    def ready(self) -> ReadyQueue:
        """The live tasks."""
        ...

    @property
    def assignments(self) -> Assignments:
        """Tasks given to agents of other hosts."""
        ...

    @property
    def leases(self) -> Leases:
        """The worker incarnations."""
        ...

    @property
    def directory(self) -> Directory:
        """The agents."""
        ...

    @property
    def queues(self) -> Queues:
        """The switches of queues."""
        ...

    @property
    def breakers(self) -> Breakers:
        """Who may have no work, or little."""
        ...

    @property
    def remote(self) -> RemoteAttempts:
        """The attempts that were handed to agents outside."""
        ...

    @property
    def bell(self) -> Bell:
        """What tells of news."""
        ...

    @property
    def views(self) -> Views:
        """What readers ask."""
        ...

    @property
    def ledger(self) -> Ledger:
        """What a projector writes the views through."""
        ...

    @property
    def records(self) -> Records:
        """What outcomes told of agents."""
        ...

    @property
    def hears(self) -> bool:
        """The bell can ring; without it everybody has to look by themselves."""
        ...

    async def open(self) -> None:
        """Connect; raises what is wrong, and then nothing is open."""
        ...

    async def close(self) -> None:
        """Commit what is waiting and disconnect."""
        ...

    def beats(self, step: BeatStep) -> Callable[[], Awaitable[None]]:
        """Beat where nothing can hold it up; returns how to stop."""
        ...
