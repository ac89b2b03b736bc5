"""What a demo run came to, in numbers; the same for people and for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Milliseconds from submission to completion; None when nothing completed."""

    p50: float | None
    p95: float | None


@dataclass(frozen=True, kw_only=True)
class DemoSummary:
    tasks: int
    completed: int
    failed: int
    attempts: int
    rescued: int
    """Tasks that lost a worker and completed all the same."""
    facts: int
    seconds: float
    tasks_per_s: float
    latency_ms: Latency


def as_json(summary: DemoSummary) -> str:
    """The summary as one line of JSON: the last line of `arbiter demo --json`."""
    return json.dumps(
        {
            "tasks": summary.tasks,
            "completed": summary.completed,
            "failed": summary.failed,
            "attempts": summary.attempts,
            "rescued": summary.rescued,
            "facts": summary.facts,
            "seconds": round(summary.seconds, 3),
            "tasks_per_s": round(summary.tasks_per_s, 2),
            "latency_ms": {
                "p50": _rounded(summary.latency_ms.p50),
                "p95": _rounded(summary.latency_ms.p95),
            },
        },
        allow_nan=False,
    )


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)
