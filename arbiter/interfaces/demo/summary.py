"""What a demo run came to, in numbers; the same for people and for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from arbiter.domain.routing.reasons import told
from arbiter.interfaces.demo.contest import Choice, Contest, Standing


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
    contests: tuple[Contest, ...] = ()
    """Of each kind that has rivals."""

    choice: Choice | None = None
    """One to be told in full; None where chance never had a choice."""


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
            "contests": [_contest(each) for each in summary.contests],
            "decision": _decision(summary.choice),
        },
        allow_nan=False,
    )


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)


def _contest(contest: Contest) -> dict[str, Any]:
    return {
        "kind": contest.kind,
        "spans": [list(span) for span in contest.spans],
        "explored": contest.explored,
        "reviewers": {each.reviewer: _standing(each) for each in contest.standings},
    }


def _standing(standing: Standing) -> dict[str, Any]:
    record = standing.record
    return {
        "shares": [round(share, 3) for share in standing.shares],
        "reviews": record.attempts,
        "success": round(record.success_rate, 3) if record.attempts else None,
        "quality": round(record.quality, 3) if record.rated else None,
        "rated": record.rated,
        "cpu_seconds": round(record.cost, 6) if record.priced else None,
        "latency_ms": round(record.latency_ms, 1) if record.timed else None,
        "reward": round(standing.reward, 3),
    }


def _decision(choice: Choice | None) -> dict[str, Any] | None:
    if choice is None:
        return None
    return {
        "task_id": str(choice.task.task_id),
        "kind": choice.task.kind,
        "agent": choice.routed.agent,
        "told": list(told(choice.routed.decision)),
    }
