"""How two reviewers of a kind did against each other, and how the router shared its tasks out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from arbiter.domain import facts as f
from arbiter.domain.record import NO_RECORD, Record
from arbiter.interfaces.demo.reviewers import KINDS, REVIEWERS

WINDOW = 50
MOST_WINDOWS = 6

PRICE = 1.0
"""What a CPU second takes from the reward of a review."""


class Span(NamedTuple):
    """Some tasks of a kind in the order in which they were routed, the first being 1."""

    first: int
    last: int


class Choice(NamedTuple):
    """A task that somebody was chosen for."""

    task: f.TaskSubmitted
    routed: f.TaskRouted


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One reviewer: which part of each span it was given, and what its outcomes told."""

    reviewer: str
    shares: tuple[float, ...]
    record: Record

    @property
    def reward(self) -> float:
        """What the router believes a review by it is worth."""
        wins, losses = self.record.posterior("utility", price=PRICE)
        return wins / (wins + losses)


@dataclass(frozen=True, kw_only=True)
class Contest:
    """One kind that several reviewers compete for."""

    kind: str
    spans: tuple[Span, ...]
    standings: tuple[Standing, ...]
    explored: int
    """Decisions whose draw passed over the best."""


def contests(
    streams: Iterable[Sequence[f.Fact]], records: Mapping[tuple[str, str], Record]
) -> list[Contest]:
    """Tell of every kind that has rivals, in the order of the kinds."""
    routed = _first_routed(streams)
    return [
        _contest(kind, routed[kind], records)
        for kind in KINDS
        if len(_reviewers(kind)) > 1 and routed[kind]
    ]


def telling(streams: Iterable[Sequence[f.Fact]]) -> Choice | None:
    """The last decision that explored, else the last for which chance had a choice."""
    had_a_choice = [
        Choice(facts[0], fact)
        for facts in streams
        for fact in facts
        if isinstance(facts[0], f.TaskSubmitted)
        and isinstance(fact, f.TaskRouted)
        and fact.decision.draw is not None
    ]
    return max(
        had_a_choice, key=lambda one: (one.routed.decision.explored, one.routed.at), default=None
    )


def _first_routed(streams: Iterable[Sequence[f.Fact]]) -> dict[str, list[f.TaskRouted]]:
    found: dict[str, list[f.TaskRouted]] = {kind: [] for kind in KINDS}
    for facts in streams:
        routed = next((fact for fact in facts if isinstance(fact, f.TaskRouted)), None)
        if isinstance(facts[0], f.TaskSubmitted) and routed is not None:
            found[facts[0].kind].append(routed)
    for decisions in found.values():
        decisions.sort(key=lambda fact: (fact.at, fact.task_id))
    return found


def _contest(
    kind: str, routed: Sequence[f.TaskRouted], records: Mapping[tuple[str, str], Record]
) -> Contest:
    spans = spans_of(len(routed))
    return Contest(
        kind=kind,
        spans=spans,
        standings=tuple(
            Standing(
                reviewer=name,
                shares=tuple(_share(name, routed[span.first - 1 : span.last]) for span in spans),
                record=records.get((name, kind), NO_RECORD),
            )
            for name in _reviewers(kind)
        ),
        explored=sum(fact.decision.explored for fact in routed),
    )


def spans_of(count: int) -> tuple[Span, ...]:
    """Fifties, and the rest; longer ones where that would be too many."""
    length = max(WINDOW, -(-count // MOST_WINDOWS))
    return tuple(
        Span(before + 1, last) for before, last in pairwise([*range(0, count, length), count])
    )


def _share(name: str, routed: Sequence[f.TaskRouted]) -> float:
    return sum(fact.agent == name for fact in routed) / len(routed)


def _reviewers(kind: str) -> list[str]:
    return [name for name, reviewer in REVIEWERS.items() if reviewer.kind == kind]
