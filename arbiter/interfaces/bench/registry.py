"""How long it takes to find the best of many registered agents."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from math import ceil
from time import perf_counter

from arbiter.aio import AsyncArbiter
from arbiter.interfaces.bench.ground import Ground

KIND = "review"
LANGUAGES = ("go", "java", "python", "rust")
AT_ONCE = 16
WARM_UP = 20


@dataclass(frozen=True)
class RegistryQuery:
    """Milliseconds of one query through the library, its reads of the database included."""

    agents: int
    matching: int
    """How many of them fit what was asked; the best 20 are answered."""

    p50: float
    p95: float


async def registry_query(ground: Ground, *, agents: int, queries: int) -> RegistryQuery:
    """Register agents that all do one kind, half of which know what is asked; ask, one after the other."""
    async with ground.plot() as plot:
        arbiter = plot.connect(agent_limit=agents)
        try:
            await _register(arbiter, agents)
            took = []
            for _ in range(WARM_UP + queries):
                begun = perf_counter()
                found = await arbiter.agents.query(KIND, languages="python", limit=20)
                took.append((perf_counter() - begun) * 1000)
                assert len(found) == min(20, ceil(agents / 2)), "half of them know it"
        finally:
            await arbiter.stop(drain=0)
    ordered = sorted(took[WARM_UP:])
    return RegistryQuery(
        agents=agents,
        matching=ceil(agents / 2),
        p50=ordered[ceil(len(ordered) * 0.50) - 1],
        p95=ordered[ceil(len(ordered) * 0.95) - 1],
    )


async def _register(arbiter: AsyncArbiter, agents: int) -> None:
    for begin in range(0, agents, AT_ONCE):
        await asyncio.gather(
            *(
                arbiter.agents.register(
                    f"agent-{number:04}",
                    kinds=(KIND, f"kind-{number % 7}"),
                    languages=("sql", LANGUAGES[number % 4], LANGUAGES[2 - number % 2 * 2]),
                )
                for number in range(begin, min(agents, begin + AT_ONCE))
            )
        )
