"""The probability that each of some Beta-distributed numbers is the largest, by quadrature."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import exp, lgamma, log, log1p, sqrt

REACH = 6.0
"""Standard deviations beyond which a posterior is taken to be nil."""
STEPS = 40
"""Grid points per side of each posterior's mean."""
EDGE = 1e-12


def choice_probabilities(posteriors: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    """P(i is the largest) for each (wins, losses); sums to 1, deterministic, to about 1e-3.

    Wins and losses below 1 count as 1, the uniform prior. The grid is as fine as the sharpest posterior asks
    that reaches there, so that sharp and wide ones may be mixed; each cell is integrated by Simpson's rule.
    """
    shapes = [(max(wins, 1.0), max(losses, 1.0)) for wins, losses in posteriors]
    spans = [_span(a, b) for a, b in shapes]
    low = max(low for low, _ in spans)
    contending = [place for place, (_, high) in enumerate(spans) if high > low]
    answer = [0.0] * len(shapes)
    if len(contending) == 1:
        answer[contending[0]] = 1.0
        return tuple(answer)
    points = _grid([shapes[place] for place in contending], low)
    masses = {shape: _masses(*shape, points) for shape in {shapes[place] for place in contending}}
    cells = [masses[shapes[place]] for place in contending]
    for place, probability in zip(contending, _largest(cells), strict=True):
        answer[place] = probability
    return tuple(answer)


def _deviation(a: float, b: float) -> tuple[float, float]:
    total = a + b
    return a / total, sqrt(a * b / (total * total * (total + 1.0)))


def _span(a: float, b: float) -> tuple[float, float]:
    mean, deviation = _deviation(a, b)
    return (
        max(EDGE, mean - REACH * deviation),
        min(1.0 - EDGE, mean + REACH * deviation),
    )


def _grid(shapes: Sequence[tuple[float, float]], low: float) -> list[float]:
    """From the lowest point on, in steps as fine as the sharpest posterior that reaches there."""
    spans = sorted({(*_span(a, b), _deviation(a, b)[1] * REACH / STEPS) for a, b in shapes})
    high = max(until for _, until, _ in spans)
    points, point = [low], low
    while point < high:
        step = min(step for since, until, step in spans if since <= point < until)
        ahead = [since for since, _, _ in spans if since > point]
        point = min(point + step, high, *ahead[:1])
        points.append(point)
    return points


def _masses(a: float, b: float, points: Sequence[float]) -> list[float]:
    """The mass below the first point, then that of each cell; they sum to 1."""
    scale = lgamma(a + b) - lgamma(a) - lgamma(b)

    def density(x: float) -> float:
        return exp(scale + (a - 1.0) * log(x) + (b - 1.0) * log1p(-x))

    at = [density(point) for point in points]
    cells = [
        (right - left) * (at[place] + 4.0 * density((left + right) / 2.0) + at[place + 1]) / 6.0
        for place, (left, right) in enumerate(pairwise(points))
    ]
    inside = sum(cells)
    whole = _span(a, b)[0] >= points[0]
    scaled = 1.0 / inside if whole or inside > 1.0 else 1.0
    return [max(0.0, 1.0 - inside * scaled), *(cell * scaled for cell in cells)]


def _largest(cells: Sequence[Sequence[float]]) -> list[float]:
    """Sum over cells of m_i x prod F_j, the F_j in the cell's middle; what remains is shared out."""
    below = [masses[0] for masses in cells]
    wins = [0.0] * len(cells)
    for cell in zip(*(masses[1:] for masses in cells), strict=True):
        middle = [under + mass / 2.0 for under, mass in zip(below, cell, strict=True)]
        after, products = 1.0, [1.0] * len(cells)
        for place in range(len(cells) - 1, -1, -1):
            products[place] = after
            after *= middle[place]
        before = 1.0
        for place, mass in enumerate(cell):
            wins[place] += mass * before * products[place]
            before *= middle[place]
        below = [under + mass for under, mass in zip(below, cell, strict=True)]
    total = sum(wins)
    return [each / total for each in wins]
