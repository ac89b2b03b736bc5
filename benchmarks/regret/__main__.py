"""What each strategy loses against one who knows everything, in simulated worlds.

python -m benchmarks.regret [--tasks 50000] [--seeds 1 2] [--runs FILE] [--plot FOLDER]

20 agents, 5 kinds, 50,000 tasks in memory; worlds that stay, drift, and never rest. `--runs` keeps the
runs as JSON lines: those it already holds are not played again. `--plot` needs matplotlib.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from arbiter.domain.record import FORGET
from arbiter.domain.routing import STRATEGIES
from benchmarks.regret.runs import FACTORS, LEARNER, WITHOUT_LEARNING, Run, mean_regret, runs
from benchmarks.regret.world import DRIFTS


def main(arguments: Sequence[str]) -> None:
    """Play, or read what was played; print the tables; draw the plots if asked."""
    asked = _parser().parse_args(arguments)
    found = _read(asked.runs) if asked.runs is not None and asked.runs.exists() else []
    if not found:
        for run in runs(asked.seeds, asked.tasks):
            found.append(run)
            print(
                f"{run.seed} {run.drift} {run.strategy} {run.forget}: {run.regret:,.0f}",
                file=sys.stderr,
            )
            if asked.runs is not None:
                with asked.runs.open("ab") as kept:
                    kept.write(msgspec.json.encode(run) + b"\n")
    print(table(found))
    if asked.plot is not None:
        from benchmarks.regret.plot import draw  # noqa: PLC0415 - matplotlib is for developers only

        draw(found, asked.plot, tasks=asked.tasks)


def table(found: Sequence[Run]) -> str:
    """The regrets as Markdown, a row per strategy, then a row per forget factor."""
    told = mean_regret(found)
    lines = [f"| | {' | '.join(DRIFTS)} |", "|---|" + "---:|" * len(DRIFTS)]
    rows = [(name, name, FORGET) for name in (*WITHOUT_LEARNING, *STRATEGIES)]
    rows += [(f"{LEARNER}, forget {factor}", LEARNER, factor) for factor in FACTORS]
    for label, strategy, factor in rows:
        cells = [told.get((drift, strategy, factor)) for drift in DRIFTS]
        lines.append(
            f"| {label} | {' | '.join('' if cell is None else f'{cell:,.0f}' for cell in cells)} |"
        )
    return "\n".join(lines)


def _read(path: Path) -> list[Run]:
    return [msgspec.json.decode(line, type=Run) for line in path.read_bytes().splitlines()]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.regret", description=__doc__)
    parser.add_argument("--tasks", type=int, default=50_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--plot", type=Path)
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
