"""Which agents fit what is asked, and how well.

After the origin's registry: everything asked is required, a score weighs what fits, and the better proven
come first. Its order was not transitive; this one is total.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import floor

import msgspec

from arbiter.domain.agent_status import TAKES_WORK, AgentStatus

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
    """What an agent offers, as far as it was asked for."""

    name: str
    languages: frozenset[str]
    specializations: frozenset[str]
    utilization: float
    success_rate: float


class Match(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An agent that fits."""

    name: str
    score: float
    """0..1."""

    utilization: float
    success_rate: float


def matches(query: AgentQuery, offerings: Iterable[Offering]) -> list[Match]:
    """Return who offers all that is asked, the best first.

    By success rate in steps of 0.01, then by score, then by what room there is, then by name.
    """
    fitting = [
        Match(
            name=each.name,
            score=score(query, each),
            utilization=each.utilization,
            success_rate=each.success_rate,
        )
        for each in offerings
        if is_fit(query, each)
    ]
    fitting.sort(key=_order)
    return fitting


def is_fit(query: AgentQuery, offering: Offering) -> bool:
    """Tell whether an agent of the asked kind offers the rest, too."""
    return (
        query.languages <= offering.languages
        and query.specializations <= offering.specializations
        and (query.max_utilization is None or offering.utilization <= query.max_utilization)
        and (query.min_success_rate is None or offering.success_rate >= query.min_success_rate)
    )


def score(query: AgentQuery, offering: Offering) -> float:
    """Say how well an agent of the asked kind fits, 0..1.

    The weights of what was not asked for are left out, and the rest is scaled to 1.
    """
    earned = KIND_WEIGHT + SUCCESS_WEIGHT * offering.success_rate
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


def _order(match: Match) -> tuple[int, float, float, str]:
    # What lies within a rounding error of a step belongs to it: 0.29 / 0.01 is 28.999….
    step = floor(match.success_rate / EQUAL + 1e-9)
    return -step, -match.score, match.utilization, match.name
