"""Builds checked orders and questions about agents from what callers pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any, TypedDict, TypeVar, get_args

from msgspec.structs import replace

from arbiter.application.agents import agent_id
from arbiter.application.door import checked, several
from arbiter.domain import transports
from arbiter.domain.agent_status import GIVEN, AgentStatus
from arbiter.domain.agents import Mode
from arbiter.domain.commands import (
    Command,
    DescribeAgent,
    FindAgents,
    RetireAgent,
    SetAgentStatus,
    UpdateAgent,
)
from arbiter.domain.errors import InvalidAgent, InvalidInput
from arbiter.domain.facts import AgentRegistered, Transport
from arbiter.domain.limits import Limits
from arbiter.domain.matching import AgentQuery
from arbiter.domain.retry import RetryPolicy


class Changes(TypedDict, total=False):
    """What may change of an agent's profile."""

    kinds: Iterable[str] | str
    languages: Iterable[str] | str
    specializations: Iterable[str] | str
    model_family: str | None
    concurrency: int
    cost_per_task: float
    weight: float
    reached_by: Transport | None
    retry: RetryPolicy | None
    limits: Limits | None


C = TypeVar("C", bound=Command)
MOST_MATCHES = 1000


def described(
    name: str,
    *,
    at: datetime,
    by: str | None = None,
    order: type[DescribeAgent] = DescribeAgent,
    **profile: Any,
) -> AgentRegistered:
    """Check a description; raises InvalidAgent."""
    told = _checked(order, name=name, by=by, **_spread(profile))
    return AgentRegistered(
        agent_id=agent_id(told.name), version=1, at=at, name=told.name, by=told.by, **_facts(told)
    )


def at(described: AgentRegistered, moment: datetime) -> AgentRegistered:
    """Return a description as of the database's time."""
    return replace(described, at=moment)


def changes(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Check what is to change of a profile; raises InvalidAgent."""
    if not told:
        known = ", ".join(UpdateAgent.model_fields)
        raise InvalidAgent("changes", "there is nothing to change", f"give some of {known}")
    for name in told:
        if name not in UpdateAgent.model_fields:
            near = get_close_matches(name, UpdateAgent.model_fields, n=1)
            hint = f"did you mean {near[0]!r}?" if near else ""
            raise InvalidAgent(name, "no part of a profile", hint)
    order = _checked(UpdateAgent, **_spread(told))
    changed = _changed(told)
    return {field: value for field, value in _facts(order).items() if field in changed}


def named(name: str) -> str:
    """Check an agent's name; raises InvalidAgent."""
    return _checked(RetireAgent, name=name).name


def retiring(name: str, *, by: str | None, why: str | None) -> RetireAgent:
    """Check an order to retire an agent; raises InvalidAgent."""
    return _checked(RetireAgent, name=name, by=by, why=why)


def standing(name: str, status: str, *, by: str | None, why: str | None) -> SetAgentStatus:
    """Check a status that is to be given; raises InvalidAgent."""
    given = _status(status)
    if given not in GIVEN:
        raise InvalidAgent("status", f"{status!r} is not given but reached", "retire the agent")
    return _checked(SetAgentStatus, name=name, status=given, by=by, why=why)


def mode(mode: str) -> Mode:
    """Check how strictly to register; raises InvalidAgent."""
    if mode not in get_args(Mode):
        raise InvalidAgent("mode", f"{mode!r} is no mode", "'idempotent' or 'strict'")
    return mode  # type: ignore[return-value]


def statuses(names: Iterable[str] | str) -> frozenset[AgentStatus]:
    """Check statuses that are looked for; raises InvalidAgent."""
    return frozenset(_status(name) for name in several(names))


def query(*, statuses: Iterable[str] | str, **asked: Any) -> AgentQuery:
    """Check what is asked of agents; raises InvalidAgent."""
    told = _checked(FindAgents, **_spread(asked))
    return AgentQuery(
        kind=told.kind,
        languages=frozenset(told.languages),
        specializations=frozenset(told.specializations),
        max_utilization=told.max_utilization,
        min_success_rate=told.min_success_rate,
        statuses=frozenset(_status(name) for name in several(statuses)),
        live=told.live,
    )


def how_many(limit: int) -> int:
    """Check how many are wanted at most; raises InvalidAgent."""
    if type(limit) is not int or not 1 <= limit <= MOST_MATCHES:
        raise InvalidAgent(
            "limit", f"{limit!r} is no number of agents", f"from 1 to {MOST_MATCHES}"
        )
    return limit


def _status(name: str) -> AgentStatus:
    try:
        return AgentStatus(name)
    except ValueError:
        known = [status.value for status in AgentStatus]
        near = get_close_matches(str(name), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
        raise InvalidAgent("status", f"{name!r} is no status of an agent", hint) from None


def _facts(told: DescribeAgent | UpdateAgent) -> dict[str, Any]:
    """Return a profile in the words of the facts; lists of names are sorted, and name each once."""
    inside = {"name", "by", "isolation", "concurrency", "reached_by"}
    facts = {name: value for name, value in told if name not in inside}
    for name in ("kinds", "languages", "specializations"):
        facts[name] = tuple(sorted(set(facts[name])))
    reached_by = told.reached_by
    if reached_by is not None:
        _transport(reached_by)
    return {
        **facts,
        "max_concurrency": told.concurrency,
        "reached_by": reached_by,
        "transport": "in_process" if reached_by is None else reached_by.type,
    }


def _transport(reached_by: Transport) -> None:
    try:
        transports.checked(reached_by)
    except InvalidInput as no:
        raise InvalidAgent(no.field, no.reason, no.expected) from None


def _changed(told: Mapping[str, Any]) -> set[str]:
    fields = {"max_concurrency" if name == "concurrency" else name for name in told}
    return fields | ({"transport"} if "reached_by" in told else set())


def _spread(told: Mapping[str, Any]) -> dict[str, Any]:
    lists = ("kinds", "languages", "specializations")
    return {name: several(value) if name in lists else value for name, value in told.items()}


def _checked(command: Callable[..., C], **values: Any) -> C:
    try:
        return checked(command, **values)
    except InvalidInput as no:
        raise InvalidAgent(no.field, no.reason, no.expected) from None
