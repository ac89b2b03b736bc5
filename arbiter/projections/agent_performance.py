"""How each agent does each kind of work, step by step of time, in sums that add up in any order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from arbiter.domain.performance import STEPS, step_of
from arbiter.projections.base import Batch, Projection, View
from arbiter.projections.latency import bucket_of
from arbiter.projections.outcomes import Outcome, Sums, outcome_of


class Place(NamedTuple):
    """Where outcomes are summed together."""

    step: int
    """Minutes of the step."""

    begins: datetime
    agent: str
    kind: str


Buckets = dict[int, int]


class AgentPerformanceChange(msgspec.Struct, frozen=True):
    """What to add to each place's sums, and to each of its buckets of latency."""

    sums: Mapping[Place, Sums]
    spans: Mapping[tuple[Place, int], int]


class AgentPerformanceView(View[AgentPerformanceChange]):
    """The sums, per step, agent and kind."""


class AgentPerformance(Projection[AgentPerformanceChange]):
    """Sums the outcomes of attempts, and their latencies in buckets."""

    name = "agent_performance_v1"

    def fold(self, batch: Batch) -> AgentPerformanceChange:
        """Add up a batch; only what ends a running attempt, or is said of it later, counts."""
        minutes: dict[Place, tuple[Sums, Buckets]] = {}
        for step in batch.steps:
            outcome = outcome_of(step)
            if outcome is not None:
                _count(minutes, outcome)
        return _in_all_steps(minutes)


def _count(minutes: dict[Place, tuple[Sums, Buckets]], outcome: Outcome) -> None:
    minute = outcome.at.replace(second=0, microsecond=0)
    place = Place(1, minute, outcome.agent, outcome.kind)
    here = minutes.get(place)
    if here is None:
        here = minutes[place] = Sums(), {}
    sums, spans = here
    sums.add(outcome.sums)
    if outcome.sums.timed:
        bucket = bucket_of(outcome.sums.latency_us)
        spans[bucket] = spans.get(bucket, 0) + 1


def _in_all_steps(
    minutes: Mapping[Place, tuple[Sums, Mapping[int, int]]],
) -> AgentPerformanceChange:
    """Add minutes up to the longer steps: they are few, the outcomes in them may be many."""
    sums: dict[Place, Sums] = {}
    spans: dict[tuple[Place, int], int] = {}
    for place, (told, buckets) in minutes.items():
        for step in STEPS:
            there = place._replace(step=step, begins=step_of(place.begins, step))
            sums.setdefault(there, Sums()).add(told)
            for bucket, count in buckets.items():
                spans[there, bucket] = spans.get((there, bucket), 0) + count
    return AgentPerformanceChange(sums, spans)


def total(parts: Iterable[tuple[Sums, Mapping[int, int]]]) -> tuple[Sums, Buckets]:
    """Add sums and buckets, of steps or kinds; the parts are left as they are."""
    sums, spans = Sums(), dict[int, int]()
    for more, buckets in parts:
        sums.add(more)
        for bucket, count in buckets.items():
            spans[bucket] = spans.get(bucket, 0) + count
    return sums, spans
