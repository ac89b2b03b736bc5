"""The worker incarnations, which host agents."""

from __future__ import annotations

from uuid import UUID

from arbiter.domain.facts.base import Fact, named


class WorkerFact(Fact, frozen=True, kw_only=True):
    """Something that happened to one worker incarnation."""

    incarnation: UUID

    @property
    def stream_id(self) -> UUID:
        """The incarnation's own stream."""
        return self.incarnation


@named("worker.joined")
class WorkerJoined(WorkerFact, frozen=True, kw_only=True):
    """A worker process started and hosts these agents."""

    worker: str
    host: str
    pid: int
    agents: tuple[str, ...]
    queues: tuple[str, ...]


@named("worker.left")
class WorkerLeft(WorkerFact, frozen=True, kw_only=True):
    """A worker stopped by itself and gave back what it held."""

    released: int = 0


@named("worker.lost")
class WorkerLost(WorkerFact, frozen=True, kw_only=True):
    """A worker's beat stood still for the lease time; its tasks are rescued."""

    beat: int
    lease_seconds: float
