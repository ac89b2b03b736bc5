"""What a run of the benchmark found; parts that did not run are None."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import msgspec

from arbiter.interfaces.bench.drain import Drained
from arbiter.interfaces.bench.idle import Idle
from arbiter.interfaces.bench.in_process import InProcess
from arbiter.interfaces.bench.latency import Latency
from arbiter.interfaces.bench.machine import Machine
from arbiter.interfaces.bench.memory import WorkerMemory
from arbiter.interfaces.bench.raw import Rate
from arbiter.interfaces.bench.registry import RegistryQuery
from arbiter.interfaces.bench.routing import Choosing, Drains

SUBMITTED = ("1", "16", "64", "256", "bulk")
"""What submit_per_s tells, in this order."""


@dataclass
class Results:
    """Filled part by part."""

    machine: Machine
    submissions: Mapping[str, Rate] = field(default_factory=dict)
    drained: Drained | None = None
    latency: Latency | None = None
    idle: Idle | None = None
    bytes_per_task: float | None = None
    worker_memory: WorkerMemory | None = None
    in_process: InProcess | None = None
    registry: RegistryQuery | None = None
    choosing: Choosing | None = None
    routed: Drains | None = None
    raw_rates: list[float] = field(default_factory=list)

    @property
    def raw_rows_per_s(self) -> float | None:
        """The raw probe, in the middle of all its runs."""
        return median(self.raw_rates) if self.raw_rates else None


def as_json(results: Results) -> str:
    """Return the numbers as one line; its keys are always the same."""
    submitted, latency, idle = results.submissions, results.latency, results.idle
    choosing, routed = results.choosing, results.routed
    numbers: dict[str, Any] = {
        "submit_per_s": {
            name: _rounded(submitted[name].per_s if name in submitted else None)
            for name in SUBMITTED
        },
        "drain_per_s": _rounded(results.drained.rate.per_s if results.drained else None),
        "start_latency_ms": {
            "p50": _rounded(latency.p50 if latency else None, 3),
            "p99": _rounded(latency.p99 if latency else None, 3),
        },
        "idle_queries_per_min": _rounded(idle.per_minute if idle else None, 1),
        "bytes_per_task": _rounded(results.bytes_per_task),
        "registry_query_ms": {
            "p50": _rounded(results.registry.p50 if results.registry else None, 3),
            "p95": _rounded(results.registry.p95 if results.registry else None, 3),
        },
        "routing": {
            "decision_us_p95": {
                "20": _rounded(choosing.few_us if choosing else None, 1),
                "1000": _rounded(choosing.many_us if choosing else None, 1),
            },
            "decisions_per_s": _rounded(choosing.per_s if choosing else None),
            "drain_per_s": _rounded(routed.learnt.rate.per_s if routed else None),
            "drain_off_per_s": _rounded(routed.off.rate.per_s if routed else None),
        },
        "raw_rows_per_s": _rounded(results.raw_rows_per_s),
    }
    return msgspec.json.encode(numbers).decode()


def _rounded(value: float | None, digits: int = 0) -> float | None:
    if value is None:
        return None
    return round(value, digits) if digits else round(value)
