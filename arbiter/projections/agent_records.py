"""What outcomes told about each agent at each kind: all that the router learns from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from arbiter.domain import facts as f
from arbiter.domain.record import FORGET, NO_RECORD, Rating, Record, followed, judged
from arbiter.projections.base import Batch, Projection, View
from arbiter.projections.outcomes import Outcome, Sums, outcome_of


class Whose(NamedTuple):
    """An agent at a kind."""

    agent: str
    kind: str


class Lessons(msgspec.Struct):
    """What a batch tells of one agent at one kind: sums, and what is to be followed in its order."""

    routed: int = 0
    sums: Sums = msgspec.field(default_factory=Sums)
    outcomes: list[bool] = msgspec.field(default_factory=list)
    """Whether the agent succeeded, in the order of the log."""

    ratings: list[Rating] = msgspec.field(default_factory=list)
    position: int = 0
    """The last fact of these."""

    def take(self, outcome: Outcome) -> None:
        """Add one more outcome."""
        self.sums.add(outcome.sums)
        if outcome.success is not None:
            self.outcomes.append(outcome.success)
        if outcome.quality is not None:
            self.ratings.append(Rating(outcome.quality, outcome.before))


def learnt(record: Record, lessons: Lessons, *, forget: float = FORGET) -> Record:
    """Return the record after some lessons; the same for each batch that the lessons were cut into."""
    sums = lessons.sums
    wins, losses = followed(record, lessons.outcomes, forget=forget)
    good, bad = judged(record, lessons.ratings)
    return replace(
        record,
        routed=record.routed + lessons.routed,
        completed=record.completed + sums.completed,
        failed=record.failed + sums.failed,
        timed=record.timed + sums.timed,
        latency_us=record.latency_us + sums.latency_us,
        rated=record.rated + sums.rated,
        quality_e9=record.quality_e9 + sums.quality_e9,
        priced=record.priced + sums.priced,
        cost_e9=record.cost_e9 + sums.cost_e9,
        wins=wins,
        losses=losses,
        good=good,
        bad=bad,
        position=lessons.position,
    )


class AgentRecordsChange(msgspec.Struct, frozen=True):
    """What each record learns, and how many decisions each kind saw."""

    lessons: Mapping[Whose, Lessons]
    decisions: Mapping[str, int]


class AgentRecordsView(View[AgentRecordsChange]):
    """The record of every agent at every kind."""


class AgentRecords(Projection[AgentRecordsChange]):
    """Keeps what each agent's outcomes tell, kind by kind."""

    name = "agent_records_v1"

    def fold(self, batch: Batch) -> AgentRecordsChange:
        """Gather what a batch tells of each agent."""
        told: dict[Whose, Lessons] = {}
        decisions: dict[str, int] = {}
        for step in batch.steps:
            if (outcome := outcome_of(step)) is not None:
                lessons = _of(told, outcome.agent, outcome.kind)
                lessons.take(outcome)
            elif type(step.fact) is f.TaskRouted and step.after is not None:
                kind = step.after.kind
                lessons = _of(told, step.fact.agent, kind)
                lessons.routed += 1
                decisions[kind] = decisions.get(kind, 0) + 1
            else:
                continue
            lessons.position = step.position
        return AgentRecordsChange(told, decisions)


def _of(told: dict[Whose, Lessons], agent: str, kind: str) -> Lessons:
    whose = Whose(agent, kind)
    lessons = told.get(whose)
    if lessons is None:
        lessons = told[whose] = Lessons()
    return lessons


def records_of(changes: Iterable[AgentRecordsChange]) -> dict[Whose, Record]:
    """Return the records that follow from changes, from the log's first fact on."""
    records: dict[Whose, Record] = {}
    for change in changes:
        for whose, lessons in change.lessons.items():
            records[whose] = learnt(records.get(whose, NO_RECORD), lessons)
    return records
