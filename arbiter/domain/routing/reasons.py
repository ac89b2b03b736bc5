"""A decision in words: nothing is rolled again, all is read from what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from arbiter.domain.facts.parts import Candidate, Decision, Seen

FAMILIAR = 50
"""Outcomes after which more of them add no confidence."""


def confidence(seen: Seen) -> float:
    """0.1 without outcomes, else 0.4 x min(1, n/50) + 0.4 x success_rate + 0.2 x max(0.1, 1 - load)."""
    if seen.attempts == 0:
        return 0.1
    known = min(1.0, seen.attempts / FAMILIAR)
    return 0.4 * known + 0.4 * seen.success_rate + 0.2 * max(0.1, 1.0 - seen.load)


def reason(seen: Seen, propensity: float, *, best: bool, seeks_best: bool, among: int) -> str:
    """Why this one, in one line."""
    if among == 1:
        return f"only {seen.agent} is able and free"
    record = _record(seen)
    if not seeks_best:
        return f"{seen.agent} was drawn by its share, {propensity:.2%} ({record})"
    if best:
        return f"{seen.agent} is the best of {among} ({record})"
    return f"{seen.agent} was tried in order to learn, with probability {propensity:.2%} ({record})"


def told(decision: Decision) -> Sequence[str]:
    """The whole decision, a line each: the reason, every candidate in recorded order, what it rests on."""
    return [
        f"{decision.strategy} v{decision.strategy_version}: {decision.reason}",
        *map(_candidate, decision.candidates),
        _grounds(decision),
    ]


def _candidate(candidate: Candidate) -> str:
    chance = candidate.propensity * candidate.shortlisted
    line = f"{candidate.agent}: probability {chance:.2%}, score {candidate.score:.3f}"
    seen = candidate.features
    if seen is not None:
        line += f"; {_record(seen)}, quality {seen.quality:.2f}, {seen.latency_ms:,.0f} ms"
        line += f", cost {seen.cost:.4g}"
    return line


def _record(seen: Seen) -> str:
    return f"{_outcomes(seen.success_rate, seen.attempts)}, load {round(seen.load * 100)}%"


@lru_cache(maxsize=10_000)
def _outcomes(success_rate: float, attempts: int) -> str:
    if not attempts:
        return f"nothing known, taken for {success_rate:.0%}"
    return f"{success_rate:.0%} of {attempts} succeeded"


def _grounds(decision: Decision) -> str:
    of = decision.shortlist_of or len(decision.candidates)
    line = f"{len(decision.candidates)} of {of} recorded"
    if decision.known_at is not None:
        line += f", as known at position {decision.known_at}, {decision.decisions} decisions before"
    if decision.draw is not None:
        line += f"; the draw was {decision.draw:.6f}"
    if decision.took_ms is not None:
        line += f", decided in {decision.took_ms:.3f} ms"
    return line
