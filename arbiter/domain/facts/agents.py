"""Who can do work: what agents are, and whether they take any."""

from __future__ import annotations

from uuid import UUID

from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.facts.base import Fact, named
from arbiter.domain.facts.transports import Transport
from arbiter.domain.limits import Limits
from arbiter.domain.retry import RetryPolicy


class AgentFact(Fact, frozen=True, kw_only=True):
    """Something that happened to one agent."""

    agent_id: UUID
    name: str

    @property
    def stream_id(self) -> UUID:
        """The agent's own stream."""
        return self.agent_id


class AgentProfiled(AgentFact, frozen=True, kw_only=True):
    """An agent's profile is now this one, whole."""

    kinds: tuple[str, ...]
    languages: tuple[str, ...] = ()
    specializations: tuple[str, ...] = ()
    model_family: str | None = None
    max_concurrency: int = 10
    """Tasks it does at a time, on each worker that hosts it."""

    cost_per_task: float = 0.0
    transport: str = "in_process"
    reached_by: Transport | None = None
    """How, where it is not a function of the worker's own process."""

    weight: float = 1.0
    """Its share of the work under weighted routing, relative to the others'."""

    retry: RetryPolicy | None = None
    """Its own policy, for tasks whose submission names none."""

    limits: Limits | None = None
    """Its own time limits; they complete those of a submission."""

    by: str | None = None
    """Who described it; None where a worker did, that hosts it."""


@named("agent.registered")
class AgentRegistered(AgentProfiled, frozen=True, kw_only=True):
    """An agent made itself known for some kinds of task, and is available."""


@named("agent.updated")
class AgentUpdated(AgentProfiled, frozen=True, kw_only=True):
    """An agent's profile is now this one, whole."""


@named("agent.status_changed")
class AgentStatusChanged(AgentFact, frozen=True, kw_only=True):
    """An agent takes new tasks from now on, or takes none."""

    status: AgentStatus
    by: str | None = None
    """A person by name; None where the registry decided."""

    why: str | None = None


@named("agent.retired")
class AgentRetired(AgentFact, frozen=True, kw_only=True):
    """An agent takes no task any more, unless it is registered again."""

    by: str | None = None
    why: str | None = None
