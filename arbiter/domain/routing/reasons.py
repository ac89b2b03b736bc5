"""A decision in words: nothing is rolled again, all is read from what was decided."""

from __future__ import annotations

from collections.abc import Sequence

from arbiter.domain.facts.parts import Decision, Seen

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
    record = f"{seen.success_rate:.0%} of {seen.attempts} succeeded, load {seen.load:.0%}"
    if not seeks_best:
        return f"{seen.agent} was drawn by its share, {propensity:.2%} ({record})"
    if best:
        return f"{seen.agent} is the best of {among} ({record})"
    return f"{seen.agent} was tried in order to learn, with probability {propensity:.2%} ({record})"


def told(decision: Decision) -> Sequence[str]:
    """The whole decision, a line each: the reason, then every candidate in recorded order."""
    of = decision.shortlist_of or len(decision.candidates)
    drawn = "" if decision.draw is None else f", draw {decision.draw:.6f}"
    return [
        f"{decision.strategy} v{decision.strategy_version}: {decision.reason}{drawn}",
        *(
            f"{each.agent}: score {each.score:.4f}, propensity {each.propensity:.4%}"
            + (f", on the shortlist with {each.shortlisted:.4%}" if each.shortlisted < 1 else "")
            for each in decision.candidates
        ),
        f"{len(decision.candidates)} of {of} recorded",
    ]
