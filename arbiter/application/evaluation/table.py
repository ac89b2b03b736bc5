"""Logged decisions and another strategy as columns; every value is checked on the way in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from arbiter.application.evaluation.logged import LoggedDecision, Policy
from arbiter.domain.errors import InvalidInput

Column: TypeAlias = np.ndarray[Any, Any]
EXACT = 1e-9


@dataclass(frozen=True)
class Table:
    """One entry per candidate of a decision; a cell is an agent and a kind."""

    cells: Sequence[tuple[str, str]]
    row: Column
    """Of each entry: its decision."""
    cell: Column
    """Of each entry: its agent and kind, an index into `cells`."""
    logged: Column
    """Of each entry: the propensity."""
    target: Column
    """Of each entry: the other strategy's probability."""
    chosen: Column
    """Of each decision: the entry that was chosen."""
    kind: Column
    """Of each decision: a number for its kind."""
    reward: Column
    """Of each decision; 0 where it is censored."""
    seen: Column
    """Of each decision: whether its reward is known."""

    @property
    def weight(self) -> Column:
        """Of each decision: how much likelier the other strategy would have made this choice."""
        return self.target[self.chosen] / self.logged[self.chosen]

    @property
    def chosen_cell(self) -> Column:
        """Of each decision: the agent and kind that were chosen."""
        return self.cell[self.chosen]


def table(
    decisions: Sequence[LoggedDecision],
    policy: Policy,
    reward_range: tuple[float, float],
) -> Table:
    """Lay decisions out as columns; a value that breaks a rule is refused and named."""
    cells: dict[tuple[str, str], int] = {}
    kinds: dict[str, int] = {}
    row: list[int] = []
    cell: list[int] = []
    logged: list[float] = []
    target: list[float] = []
    chosen: list[int] = []
    for number, decision in enumerate(decisions):
        _check(number, decision, reward_range)
        kinds.setdefault(decision.kind, len(kinds))
        would = _probabilities(number, decision, policy)
        for each in decision.candidates:
            if each.agent == decision.chosen:
                chosen.append(len(row))
            row.append(number)
            cell.append(cells.setdefault((each.agent, decision.kind), len(cells)))
            logged.append(each.propensity)
            target.append(would.get(each.agent, 0.0))
    return Table(
        cells=tuple(cells),
        row=np.array(row, dtype=np.intp),
        cell=np.array(cell, dtype=np.intp),
        logged=np.array(logged, dtype=float),
        target=np.array(target, dtype=float),
        chosen=np.array(chosen, dtype=np.intp),
        kind=np.array([kinds[each.kind] for each in decisions], dtype=np.intp),
        reward=np.array([each.reward or 0.0 for each in decisions], dtype=float),
        seen=np.array([each.reward is not None for each in decisions], dtype=bool),
    )


def _check(number: int, decision: LoggedDecision, reward_range: tuple[float, float]) -> None:
    field = f"decisions[{number}]"
    propensities = {each.agent: each.propensity for each in decision.candidates}
    if len(propensities) < len(decision.candidates):
        raise InvalidInput(f"{field}.candidates", "an agent is named twice")
    _check_distribution(f"{field}.candidates", propensities.values())
    if not propensities.get(decision.chosen):
        raise InvalidInput(
            f"{field}.chosen",
            f"{decision.chosen!r} is no candidate of positive propensity",
        )
    low, high = reward_range
    if decision.reward is not None and not low <= decision.reward <= high:
        raise InvalidInput(f"{field}.reward", f"{decision.reward} is not within {low}..{high}")


def _probabilities(number: int, decision: LoggedDecision, policy: Policy) -> dict[str, float]:
    would = dict(policy(decision))
    strangers = would.keys() - {each.agent for each in decision.candidates}
    if strangers:
        raise InvalidInput(f"policy[{number}]", f"{min(strangers)!r} is not among the candidates")
    _check_distribution(f"policy[{number}]", would.values())
    return would


def _check_distribution(field: str, probabilities: Any) -> None:
    if not all(0.0 <= each <= 1.0 for each in probabilities):
        raise InvalidInput(field, "a probability is not within 0..1")
    total = math.fsum(probabilities)
    if abs(total - 1.0) > EXACT:
        raise InvalidInput(field, f"the probabilities sum to {total!r}", "they must sum to 1")
