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
        sums: dict[Place, Sums] = {}
        spans: dict[tuple[Place, int], int] = {}
        for step in batch.steps:
            outcome = outcome_of(step)
            if outcome is None:
                continue
            for place in _places(outcome):
                sums.setdefault(place, Sums()).add(outcome.sums)
                if outcome.sums.timed:
                    key = place, bucket_of(outcome.sums.latency_us)
                    spans[key] = spans.get(key, 0) + 1
        return AgentPerformanceChange(sums, spans)


def _places(outcome: Outcome) -> Iterable[Place]:
    return [
        Place(minutes, step_of(outcome.at, minutes), outcome.agent, outcome.kind)
        for minutes in STEPS
    ]


def total(parts: Iterable[tuple[Sums, Mapping[int, int]]]) -> tuple[Sums, Buckets]:
    """Add sums and buckets, of steps or kinds; the parts are left as they are."""
    sums, spans = Sums(), dict[int, int]()
    for more, buckets in parts:
        sums.add(more)
        for bucket, count in buckets.items():
            spans[bucket] = spans.get(bucket, 0) + count
    return sums, spans
