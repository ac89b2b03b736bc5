"""The parts of the benchmark: what each is called, how big it is, and what it adds to the results."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from arbiter.domain.errors import InvalidInput
from arbiter.interfaces.bench.drain import drains
from arbiter.interfaces.bench.ground import Ground
from arbiter.interfaces.bench.idle import SETTLING_SECONDS, idle
from arbiter.interfaces.bench.in_process import in_process
from arbiter.interfaces.bench.latency import latency
from arbiter.interfaces.bench.memory import bytes_in_twin, worker_memory
from arbiter.interfaces.bench.registry import registry_query
from arbiter.interfaces.bench.results import Results
from arbiter.interfaces.bench.routing import choosing, routed_drains
from arbiter.interfaces.bench.submit import submissions

# Idle comes first: what the others leave behind keeps autovacuum busy, and that would be counted.
DEFAULT = (
    "idle",
    "process",
    "memory",
    "submit",
    "bulk",
    "drain",
    "latency",
    "registry",
    "routing",
)
EXTRA = ("memory-1m",)
"""Runs when it is named: it writes two million facts first."""

ALL = (*DEFAULT, *EXTRA)


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much each part does."""

    rounds: int = 3
    raw_rows: int = 20_000
    callers: Mapping[int, int] = field(
        default_factory=lambda: MappingProxyType({1: 1_000, 16: 8_000, 64: 15_000, 256: 20_000})
    )
    """Submissions by the number of concurrent callers."""

    bulk: int = 20_000
    drain: int = 20_000
    concurrency: int = 200
    """Tasks the draining worker runs at a time."""

    latency: int = 400
    idle_seconds: float = 120.0
    settling_seconds: float = SETTLING_SECONDS
    twin: int = 10_000
    few: int = 10_000
    many: int = 1_000_000
    executed: int = 5_000
    """Tasks a worker has executed when its memory is looked at."""

    agents: int = 1_000
    queries: int = 400
    decisions: int = 20_000
    lives: int = 10_000
    calls: int = 20_000


Part = Callable[[Ground, Results, Sizes], Awaitable[None]]


def chosen(only: Sequence[str]) -> tuple[str, ...]:
    """Return the parts to run, in their order; all but the extra ones if none is named.

    Raises InvalidInput for a name that is none.
    """
    for name in only:
        if name not in ALL:
            raise InvalidInput("only", f"{name!r} is no part", f"name one of {', '.join(ALL)}")
    return tuple(name for name in ALL if name in only) if only else DEFAULT


async def run_parts(
    ground: Ground,
    names: Sequence[str],
    results: Results,
    sizes: Sizes,
    say: Callable[[str], object],
) -> None:
    """Run parts one after the other; submit and bulk share their rounds."""
    submitting = [name for name in names if name in {"submit", "bulk"}]
    for name in names:
        if name in submitting:
            if name == submitting[0]:
                say(" and ".join(submitting))
                await _submit(ground, results, sizes, submitting)
        else:
            say(name)
            await PARTS[name](ground, results, sizes)


async def _submit(
    ground: Ground, results: Results, sizes: Sizes, submitting: Sequence[str]
) -> None:
    results.submissions = await submissions(
        ground,
        results.raw_rates,
        callers=sizes.callers if "submit" in submitting else {},
        bulk=sizes.bulk if "bulk" in submitting else 0,
        rounds=sizes.rounds,
        raw_rows=sizes.raw_rows,
    )


async def _drain(ground: Ground, results: Results, sizes: Sizes) -> None:
    results.drained = await drains(
        ground,
        results.raw_rates,
        tasks=sizes.drain,
        concurrency=sizes.concurrency,
        rounds=sizes.rounds,
        raw_rows=sizes.raw_rows,
    )


async def _latency(ground: Ground, results: Results, sizes: Sizes) -> None:
    results.latency = await latency(ground, submissions=sizes.latency)


async def _idle(ground: Ground, results: Results, sizes: Sizes) -> None:
    results.idle = await idle(ground, seconds=sizes.idle_seconds, settling=sizes.settling_seconds)


async def _memory(_: Ground, results: Results, sizes: Sizes) -> None:
    results.bytes_per_task = await bytes_in_twin(sizes.twin)


async def _worker_memory(ground: Ground, results: Results, sizes: Sizes) -> None:
    results.worker_memory = await worker_memory(
        ground, few=sizes.few, many=sizes.many, executed=sizes.executed
    )


async def _registry(ground: Ground, results: Results, sizes: Sizes) -> None:
    results.registry = await registry_query(ground, agents=sizes.agents, queries=sizes.queries)


async def _in_process(_: Ground, results: Results, sizes: Sizes) -> None:
    results.in_process = await asyncio.to_thread(in_process, lives=sizes.lives, calls=sizes.calls)


async def _routing(ground: Ground, results: Results, sizes: Sizes) -> None:
    results.choosing = await asyncio.to_thread(choosing, decisions=sizes.decisions)
    results.routed = await routed_drains(
        ground,
        results.raw_rates,
        tasks=sizes.drain,
        concurrency=sizes.concurrency,
        rounds=sizes.rounds,
        raw_rows=sizes.raw_rows,
    )


PARTS: Mapping[str, Part] = {
    "process": _in_process,
    "memory": _memory,
    "drain": _drain,
    "latency": _latency,
    "routing": _routing,
    "idle": _idle,
    "registry": _registry,
    "memory-1m": _worker_memory,
}
