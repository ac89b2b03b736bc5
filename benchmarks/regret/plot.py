"""The plots: how regret grows under each strategy, and what the forget factor does to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import matplotlib as mpl

from arbiter.domain.record import FORGET
from arbiter.domain.routing import STRATEGIES
from benchmarks.regret.runs import FACTORS, LEARNER, POINTS, WITHOUT_LEARNING, Run, mean_regret
from benchmarks.regret.world import DRIFTS

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "arbiter"  # the same runs give the same file
mpl.rcParams["axes.spines.top"] = mpl.rcParams["axes.spines.right"] = False

from matplotlib import pyplot as plt  # noqa: E402 - after the choice of a backend

COLOURS: Mapping[str, str] = {
    "uniform": "#7f7f7f",
    "oracle": "#000000",
    "epsilon_greedy": "#1f77b4",
    "thompson": "#d62728",
    "capability_match": "#2ca02c",
    "least_loaded": "#9467bd",
    "weighted": "#ff7f0e",
}
DASHED = frozenset({"uniform", "oracle", "weighted"})


def draw(found: Sequence[Run], folder: Path, *, tasks: int) -> None:
    """Write regret.svg and forgetting.svg."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(_regret(found, tasks), folder / "regret.svg")
    _write(_forgetting(found), folder / "forgetting.svg")


def _regret(found: Sequence[Run], tasks: int) -> Any:
    figure, panels = plt.subplots(1, len(DRIFTS), figsize=(12, 4.2), sharey=True)
    done = [tasks * point / POINTS for point in range(POINTS + 1)]
    for panel, drift in zip(panels, DRIFTS, strict=True):
        for name in (*WITHOUT_LEARNING, *STRATEGIES):
            curves = [
                run.curve
                for run in found
                if (run.drift, run.strategy, run.forget) == (drift, name, FORGET)
            ]
            mean = [0.0, *map(fmean, zip(*curves, strict=True))]
            style = "--" if name in DASHED else "-"
            panel.plot(done, mean, style, color=COLOURS[name], label=name, linewidth=1.4)
        panel.set_title(drift)
        panel.set_xlabel("tasks")
    panels[0].set_ylabel("regret: successes lost")
    panels[0].legend(frameon=False, fontsize=8)
    return figure


def _forgetting(found: Sequence[Run]) -> Any:
    figure, panel = plt.subplots(figsize=(6, 4))
    told = mean_regret(found)
    for drift in DRIFTS:
        values = [told[drift, LEARNER, factor] for factor in FACTORS]
        panel.plot(range(len(FACTORS)), values, "o-", label=drift)
    panel.set_xticks(range(len(FACTORS)), [f"{factor:g}" for factor in FACTORS])
    panel.set_xlabel("forget factor per outcome")
    panel.set_ylabel("regret after all tasks")
    panel.set_ylim(bottom=0)
    panel.legend(frameon=False)
    return figure


def _write(figure: Any, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")
