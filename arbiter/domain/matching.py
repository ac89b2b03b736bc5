"""Which agents fit what is asked, and how well.

After the origin's registry: everything asked is required, a score weighs what fits, and the better proven
come first. Its order was not transitive; this one is total.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from heapq import nsmallest
from math import floor

import msgspec

from arbiter.domain.agent_status import TAKES_WORK, AgentStatus
from arbiter.domain.record import FIRST_SUCCESS_RATE

KIND_WEIGHT = 0.3
LANGUAGES_WEIGHT = 0.3
SPECIALIZATIONS_WEIGHT = 0.2
SUCCESS_WEIGHT = 0.2

EQUAL = 0.01
"""Success rates of one such step count as equal."""


class AgentQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of an agent: all of it."""

    kind: str
    languages: frozenset[str] = frozenset()
    specializations: frozenset[str] = frozenset()
    max_utilization: float | None = None
    """0..1: no more of its capacity may be in use."""

    min_success_rate: float | None = None
    """0..1: no less of its attempts at this kind may have succeeded."""

    statuses: frozenset[AgentStatus] = TAKES_WORK
    live: bool | None = None
    """Whether somebody hosts it now, or it answers; None where that does not matter."""


class Offering(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an agent offers at a kind of task, for as long as nobody describes it anew."""

    name: str
    status: AgentStatus
    languages: frozenset[str]
    specializations: frozenset[str]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """How the agents do at one moment; who is not named has what is named first."""

    live: Container[str] = ()
    utilization: Mapping[str, float] = {}
    """0..1: the share of its capacity in use; 1, for it has none."""

    success_rate: Mapping[str, float] = {}
    """0..1, at the kind that is asked for; 0.8, an optimistic start."""


class Match(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An agent that fits."""

    name: str
    score: float
    """0..1."""

    utilization: float
    success_rate: float


def fitting(query: AgentQuery, offerings: Iterable[Offering]) -> list[Offering]:
    """Return those who do the kind, are of a status that is asked for, and offer all the rest."""
    return [
        offering
        for offering in offerings
        if offering.status in query.statuses
        and query.languages <= offering.languages
        and query.specializations <= offering.specializations
    ]


def matches(
    query: AgentQuery, fitting: Iterable[Offering], figures: Figures, limit: int
) -> list[Match]:
    """Return the best of those who fit, within the bounds that are asked for, the best first.

    By success rate in steps of 0.01, then by score, then by what room there is, then by name.
    """
    utilization, success_rate = figures.utilization.get, figures.success_rate.get
    most = 1.0 if query.max_utilization is None else query.max_utilization
    least = 0.0 if query.min_success_rate is None else query.min_success_rate
    ranked: list[tuple[int, float, float, str, float]] = []
    earned: dict[float, tuple[int, float]] = {}
    for offering in fitting:
        name = offering.name
        used, success = utilization(name, 1.0), success_rate(name, FIRST_SUCCESS_RATE)
        if used > most or success < least:
            continue
        if query.live is not None and query.live is not (name in figures.live):
            continue
        # All that fit offer all that is asked: what is left to tell them apart is their success.
        rank = earned.get(success)
        if rank is None:
            rank = earned[success] = (-_step(success), -score(query, offering, success))
        ranked.append((*rank, used, name, success))
    return [
        Match(name=name, score=-worth, utilization=used, success_rate=success)
        for _, worth, used, name, success in nsmallest(limit, ranked)
    ]


def score(query: AgentQuery, offering: Offering, success_rate: float) -> float:
    """Say how well an agent of the asked kind fits, 0..1.

    The weights of what was not asked for are left out, and the rest is scaled to 1.
    """
    earned = KIND_WEIGHT + SUCCESS_WEIGHT * success_rate
    weights = KIND_WEIGHT + SUCCESS_WEIGHT
    if query.languages:
        earned += LANGUAGES_WEIGHT * _share(query.languages, offering.languages)
        weights += LANGUAGES_WEIGHT
    if query.specializations:
        earned += SPECIALIZATIONS_WEIGHT * _share(query.specializations, offering.specializations)
        weights += SPECIALIZATIONS_WEIGHT
    return earned / weights


def reason(query: AgentQuery, match: Match) -> str:
    """Say in words why an agent was found."""
    fits = [f"does {query.kind}"]
    if query.languages:
        fits.append(f"knows {', '.join(sorted(query.languages))}")
    if query.specializations:
        fits.append(f"is at home in {', '.join(sorted(query.specializations))}")
    return (
        f"{', '.join(fits)}; {match.success_rate:.0%} of its attempts succeeded,"
        f" {match.utilization:.0%} of its capacity is in use"
    )


def _share(asked: frozenset[str], offered: frozenset[str]) -> float:
    return len(asked & offered) / len(asked)


def _step(success_rate: float) -> int:
    # What lies within a rounding error of a step belongs to it: 0.29 / 0.01 is 28.999….
    return floor(success_rate / EQUAL + 1e-9)
