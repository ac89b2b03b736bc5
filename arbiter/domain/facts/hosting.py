"""Who can do work: agents, and the worker incarnations that host them."""

from __future__ import annotations

from uuid import UUID

from arbiter.domain.facts.base import Fact, named
from arbiter.domain.facts.transports import Transport


class AgentFact(Fact, frozen=True, kw_only=True):
    """Something that happened to one agent."""

    agent_id: UUID
    name: str

    @property
    def stream_id(self) -> UUID:
        """The agent's own stream."""
        return self.agent_id


@named("agent.registered")
class AgentRegistered(AgentFact, frozen=True, kw_only=True):
    """An agent made itself known for some kinds of task."""

    kinds: tuple[str, ...]
    languages: tuple[str, ...] = ()
    specializations: tuple[str, ...] = ()
    model_family: str | None = None
    max_concurrency: int = 10
    cost_per_task: float = 0.0
    transport: str = "in_process"
    reached_by: Transport | None = None
    """How, where it is not a function of the worker's own process."""


@named("agent.updated")
class AgentUpdated(AgentFact, frozen=True, kw_only=True):
    """An agent's profile is now this one, whole."""

    kinds: tuple[str, ...]
    languages: tuple[str, ...] = ()
    specializations: tuple[str, ...] = ()
    model_family: str | None = None
    max_concurrency: int = 10
    cost_per_task: float = 0.0
    transport: str = "in_process"
    reached_by: Transport | None = None
    """How, where it is not a function of the worker's own process."""


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
