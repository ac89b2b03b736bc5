"""How often the intervals of `arbiter agents evaluate` hold the truth, in synthetic worlds.

python -m benchmarks.coverage [--worlds 1000]
"""

from __future__ import annotations

import argparse

from arbiter.application.evaluation.estimators import ESTIMATORS
from benchmarks.coverage.measure import SETTINGS, held, judged


def main() -> None:
    """Judge, and print a table in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--worlds", type=int, default=1_000)
    worlds = parser.parse_args().worlds
    print("| worlds | estimator | coverage | bias | error | width of the interval |")
    print("|---|---|---:|---:|---:|---:|")
    for setting in SETTINGS:
        answers = judged(setting, worlds)
        for name in ESTIMATORS:
            told = held(answers[name])
            print(
                f"| {setting} | {name} | {told.coverage:.1%} | {told.bias:+.4f} |"
                f" {told.error:.4f} | {told.width:.4f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
