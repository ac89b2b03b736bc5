"""What readers are told of agents: what they are, where they stand, how much they have to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from arbiter.domain.facts import Transport
from arbiter.domain.limits import Limits
from arbiter.domain.retry import RetryPolicy


class AgentView(msgspec.Struct, frozen=True, kw_only=True):
    """One agent."""

    name: str
    agent_id: UUID
    version: int
    status: str
    status_at: datetime
    status_by: str | None
    """Who gave it this status; None for the registry, and for one that was never given any."""

    status_why: str | None
    kinds: Sequence[str]
    languages: Sequence[str]
    specializations: Sequence[str]
    model_family: str | None
    concurrency: int
    """Tasks it does at a time, on each worker that hosts it."""

    cost_per_task: float
    weight: float
    transport: str
    reached_by: Transport | None
    retry: RetryPolicy | None
    """Its own policy, for tasks whose submission names none."""

    limits: Limits | None
    """Its own time limits; they complete those of a submission."""

    registered_at: datetime
    last_seen_at: datetime
    live: bool
    """A live worker hosts it; one that is asked for a sign of life has answered, too."""

    hosts: int
    """Live workers that host it."""

    running: int
    """Tasks it has now, as the board of tasks knows."""

    capacity: int
    """Tasks it can have at a time, over all its hosts; 0 while it is not live."""

    utilization: float
    """0..1: the share of its capacity in use; 1 while it has none."""

    attempts: int
    """Attempts that succeeded or failed, of all kinds."""

    success_rate: float
    """0..1: of those; 0.8, an optimistic start, before the first."""


class AgentMatch(msgspec.Struct, frozen=True, kw_only=True):
    """An agent that fits what was asked."""

    name: str
    status: str
    live: bool
    kinds: Sequence[str]
    languages: Sequence[str]
    specializations: Sequence[str]
    utilization: float
    """0..1: the share of its capacity in use; 1 while it has none."""

    success_rate: float
    """0..1: for the kind that was asked for; 0.8 before its first outcome."""

    score: float
    """0..1: how well it fits."""

    reason: str


class RegistryStats(msgspec.Struct, frozen=True, kw_only=True):
    """How the registry stands; retired agents count only where they are named."""

    agents: int
    limit: int
    statuses: Mapping[str, int]
    """By status, retired ones too; those without agents are left out."""

    live: int
    active: int
    """Agents that have a task now."""

    idle: int
    """Live agents that have none."""

    average_utilization: float
    """Over the live ones; 0 if there are none."""

    average_success_rate: float
    """Over those with a known outcome; 0.8, what is believed before, if there are none."""

    at: datetime
