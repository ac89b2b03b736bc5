"""What an agent is able to do, as words that can be compared with what a task needs."""

from __future__ import annotations

from uuid import UUID, uuid5

from arbiter.domain.facts import AgentProfiled

AGENTS = UUID("6f0d0a52-5d0b-5b42-9d2c-6f6f5d3d5a01")
"""The namespace of agent ids: an agent's id follows from its name."""

QUEUES = UUID("6f0d0a52-5d0b-5b42-9d2c-6f6f5d3d5a02")
"""The namespace of queue ids."""

KEYS = UUID("6f0d0a52-5d0b-5b42-9d2c-6f6f5d3d5a03")
"""The namespace of tasks submitted with an idempotency key."""


def agent_id(name: str) -> UUID:
    """Return the id of the agent of this name."""
    return uuid5(AGENTS, name)


def queue_id(queue: str) -> UUID:
    """Return the id of the queue of this name."""
    return uuid5(QUEUES, queue)


def keyed_task_id(tenant: str, key: str) -> UUID:
    """Return the id of the task that holds this idempotency key."""
    return uuid5(KEYS, f"{tenant}\x1f{key}")


def abilities_of(profile: AgentProfiled) -> frozenset[str]:
    """Return an agent's abilities as `name:value` words."""
    languages = {f"languages:{language}" for language in profile.languages}
    return frozenset(languages | {f"specializations:{name}" for name in profile.specializations})
