"""An agent: what it is, whether it takes work, and what may be changed about that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from arbiter.domain import facts as f
from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.errors import AgentAlreadyExists, AgentGone, AgentNotFound

Mode = Literal["idempotent", "strict"]
"""Whether registering an agent that is there already changes it, or is refused."""

PROFILE = tuple(
    name
    for name in f.AgentProfiled.__struct_fields__
    if name not in {*f.AgentFact.__struct_fields__, "by"}
)
"""The fields of a fact that say what an agent is."""


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """An agent as its facts tell it."""

    id: UUID
    name: str
    version: int
    profile: f.AgentProfiled
    """The fact that described it last."""

    status: AgentStatus
    status_at: datetime
    status_by: str | None = None
    """Who gave it this status; None for the registry, or for nobody yet."""

    status_why: str | None = None
    registered_at: datetime

    @property
    def is_retired(self) -> bool:
        """It takes no task any more."""
        return self.status is AgentStatus.RETIRED


def register(
    agent: Agent | None, described: f.AgentRegistered, *, mode: Mode = "idempotent"
) -> f.AgentRegistered | f.AgentUpdated | None:
    """Make an agent known as it is described; None if it is known so already.

    One that was retired begins anew. Raises AgentAlreadyExists in strict mode.
    """
    if agent is None:
        return described
    if agent.is_retired:
        return replace(described, version=agent.version + 1)
    if mode == "strict":
        raise AgentAlreadyExists(agent.name)
    return update(agent, profile_of(described), by=described.by, at=described.at)


def update(
    agent: Agent, changes: Mapping[str, Any], *, at: datetime, by: str | None = None
) -> f.AgentUpdated | None:
    """Change some fields of an agent's profile; None if they are so already. Raises AgentGone."""
    _must_be_there(agent, "update")
    before = profile_of(agent.profile)
    after = {**before, **changes}
    if after == before:
        return None
    return f.AgentUpdated(
        agent_id=agent.id, name=agent.name, version=agent.version + 1, at=at, by=by, **after
    )


def change_status(
    agent: Agent,
    status: AgentStatus,
    *,
    at: datetime,
    by: str | None = None,
    why: str | None = None,
) -> f.AgentStatusChanged | None:
    """Give an agent a status; None if it has that already. Raises AgentGone.

    A person's word is kept also where the registry had found the same by itself: hers stands, its does not.
    """
    _must_be_there(agent, "change the status of")
    if status is agent.status and (by is None or agent.status_by is not None):
        return None
    return f.AgentStatusChanged(
        agent_id=agent.id,
        name=agent.name,
        version=agent.version + 1,
        at=at,
        status=status,
        by=by,
        why=why,
    )


def retire(
    agent: Agent, *, at: datetime, by: str | None = None, why: str | None = None
) -> f.AgentRetired | None:
    """Let an agent go for good; None if it has gone already."""
    if agent.is_retired:
        return None
    return f.AgentRetired(
        agent_id=agent.id, name=agent.name, version=agent.version + 1, at=at, by=by, why=why
    )


def host(agent: Agent, *, at: datetime) -> f.AgentStatusChanged | None:
    """Say what it changes that a worker hosts an agent: one that was missed is back.

    A status that a person gave stands.
    """
    missed = agent.status is AgentStatus.OFFLINE and agent.status_by is None
    return change_status(agent, AgentStatus.AVAILABLE, at=at, why=HOSTED) if missed else None


HOSTED = "a worker hosts it again"
MISSED = "no work, no answer and no host since {since}"


def miss(agent: Agent, *, since: datetime, at: datetime) -> f.AgentStatusChanged | None:
    """Take an agent that nobody has heard of for long as offline; None where that changes nothing."""
    if agent.status in (AgentStatus.OFFLINE, AgentStatus.RETIRED):
        return None
    told = since.isoformat(sep=" ", timespec="minutes").replace("+00:00", " UTC")
    return change_status(agent, AgentStatus.OFFLINE, at=at, why=MISSED.format(since=told))


def evolve(agent: Agent | None, happened: f.Fact) -> Agent | None:
    """Remember one fact of an agent's stream; never refuses."""
    match happened:
        case f.AgentRegistered():
            return Agent(
                id=happened.agent_id,
                name=happened.name,
                version=happened.version,
                profile=happened,
                status=AgentStatus.AVAILABLE,
                status_at=happened.at,
                registered_at=happened.at,
            )
        case f.AgentUpdated() if agent is not None:
            return replace(agent, version=happened.version, profile=happened)
        case f.AgentStatusChanged() if agent is not None:
            return _standing(agent, happened, happened.status)
        case f.AgentRetired() if agent is not None:
            return _standing(agent, happened, AgentStatus.RETIRED)
        case _:
            return agent


def _standing(
    agent: Agent, happened: f.AgentStatusChanged | f.AgentRetired, status: AgentStatus
) -> Agent:
    return replace(
        agent,
        version=happened.version,
        status=status,
        status_at=happened.at,
        status_by=happened.by,
        status_why=happened.why,
    )


def remember(facts: Iterable[f.Fact]) -> Agent | None:
    """Return the agent that these facts tell of."""
    agent: Agent | None = None
    for happened in facts:
        agent = evolve(agent, happened)
    return agent


def known(agent: Agent | None, name: str, near: str | None = None) -> Agent:
    """Return the agent. Raises AgentNotFound if there is none."""
    if agent is None:
        raise AgentNotFound(name, near)
    return agent


def profile_of(fact: f.AgentProfiled) -> dict[str, Any]:
    """Return what a fact says that an agent is, by field."""
    return {name: getattr(fact, name) for name in PROFILE}


def _must_be_there(agent: Agent, order: str) -> None:
    if agent.is_retired:
        raise AgentGone(agent.name, order)
