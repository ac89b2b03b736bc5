"""What counts for each breaker: the fold of the attempts between its facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace

from arbiter.domain import facts as f
from arbiter.domain.breaker import (
    Breaker,
    State,
    ended,
    evolve,
    new_breaker,
    routed,
    transport_breaker,
)
from arbiter.domain.facts import BreakerFact
from arbiter.domain.failures import verdict
from arbiter.domain.status import Status
from arbiter.projections.base import Batch, Projection, Step, View

UNDER_WAY = frozenset({Status.ASSIGNED.value, Status.RUNNING.value})


class Began(NamedTuple):
    """An agent was given a task."""

    position: int
    task_id: UUID


class Ended(NamedTuple):
    """What an agent had under way is over."""

    position: int
    task_id: UUID
    success: bool | None
    """None where it says nothing of the agent."""

    reached: bool | None
    """Whether the agent was reached; None where that is not known."""

    at: datetime


class Behind(NamedTuple):
    """An agent is reached through this transport from now on; None for none that others share."""

    position: int
    transport: str | None


class Moved(NamedTuple):
    """A breaker moved."""

    position: int
    fact: BreakerFact


OfAgent = Began | Ended | Behind


class BreakersChange(msgspec.Struct, frozen=True):
    """What happened, in the order of the log; what it means depends on how the breakers stood before."""

    agents: Mapping[str, list[OfAgent]]
    moved: Mapping[str, list[Moved]]
    """By the name of the breaker."""


class BreakersView(View[BreakersChange]):
    """What counts for each breaker, and which of them are to be looked at."""


class Breakers(Projection[BreakersChange]):
    """Picks what concerns breakers."""

    name = "breakers_v1"

    def fold(self, batch: Batch) -> BreakersChange:
        """Pick what a batch tells of each agent, and of each breaker."""
        agents: dict[str, list[OfAgent]] = {}
        moved: dict[str, list[Moved]] = {}
        for step in batch.steps:
            fact = step.fact
            match fact:
                case f.TaskRouted(agent=agent):
                    agents.setdefault(agent, []).append(Began(step.position, fact.task_id))
                case BreakerFact():
                    moved.setdefault(fact.agent, []).append(Moved(step.position, fact))
                case f.AgentRegistered() | f.AgentUpdated():
                    behind = Behind(step.position, _transport_of(fact))
                    agents.setdefault(fact.name, []).append(behind)
                case _:
                    _note_end(agents, step)
        return BreakersChange(agents, moved)


def _note_end(agents: dict[str, list[OfAgent]], step: Step) -> None:
    before = step.before
    if before is None or before.agent is None or before.status not in UNDER_WAY:
        return
    after = step.after
    if after is None or after.status in UNDER_WAY:
        return
    success, reached = _verdict(step.fact)
    end = Ended(step.position, before.task_id, success, reached, step.fact.at)
    agents.setdefault(before.agent, []).append(end)


def _verdict(fact: f.Fact) -> tuple[bool | None, bool | None]:
    match fact:
        case f.TaskCompleted():
            return True, True
        case f.TaskAttemptFailed(error=error) | f.TaskFailed(error=error):
            return verdict(error)
        case _:
            return None, None


def _transport_of(fact: f.AgentRegistered | f.AgentUpdated) -> str | None:
    url = fact.reached_by.url if fact.reached_by is not None else None
    return transport_breaker(url) if url is not None else None


class Counted(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A breaker with all that counts, and the breaker of the transport its agent is behind."""

    breaker: Breaker
    transport: str | None = None

    @property
    def is_to_watch(self) -> bool:
        """Something may follow: from its failures, its probes, or the time."""
        return self.breaker.state is not State.CLOSED or bool(self.breaker.failures)

    @property
    def is_new(self) -> bool:
        """Nothing is known of it: no row is kept for that."""
        return self == _new(self.breaker.name)


def named_in(change: BreakersChange) -> frozenset[str]:
    """Tell whose rows a change bears on, those of the transports known so far left out."""
    through = {
        told.transport
        for story in change.agents.values()
        for told in story
        if isinstance(told, Behind) and told.transport is not None
    }
    return frozenset({*change.agents, *change.moved, *through})


def counted(known: Mapping[str, Counted], change: BreakersChange) -> Mapping[str, Counted]:
    """Return the rows a change makes of those that are known, as far as they differ; a new one is to go."""
    after = dict(known)
    for name, told in _in_order(change):
        match told:
            case Behind(transport=transport):
                after[name] = replace(_of(after, name), transport=transport)
            case Moved(fact=fact):
                _put(after, name, evolve(_of(after, name).breaker, fact))
            case Began(task_id=task_id):
                for guard in _guards(after, name):
                    _put(after, guard, routed(_of(after, guard).breaker, task_id))
            case Ended():
                _end(after, name, told)
    return {name: row for name, row in after.items() if row != known.get(name, _new(name))}


def _in_order(change: BreakersChange) -> Iterable[tuple[str, OfAgent | Moved]]:
    stories = [
        (name, told)
        for part in (change.agents, change.moved)
        for name, story in part.items()
        for told in story
    ]
    return sorted(stories, key=lambda named: named[1].position)


def _end(after: dict[str, Counted], agent: str, end: Ended) -> None:
    own, *through = _guards(after, agent)
    breaker = _of(after, own).breaker
    _put(after, own, ended(breaker, end.task_id, success=end.success, at=end.at))
    for guard in through:
        breaker = _of(after, guard).breaker
        _put(after, guard, ended(breaker, end.task_id, success=end.reached, at=end.at))


def _guards(rows: Mapping[str, Counted], agent: str) -> list[str]:
    transport = _of(rows, agent).transport
    return [agent] if transport is None else [agent, transport]


def _of(rows: Mapping[str, Counted], name: str) -> Counted:
    return rows.get(name) or _new(name)


def _new(name: str) -> Counted:
    return Counted(breaker=new_breaker(name))


def _put(rows: dict[str, Counted], name: str, breaker: Breaker) -> None:
    before = _of(rows, name)
    if breaker is not before.breaker:
        rows[name] = replace(before, breaker=breaker)
