"""What is submitted and done: the smallest task there is, by an agent that does nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from arbiter import AsyncRunningTask
from arbiter.aio import AsyncArbiter
from arbiter.interfaces.bench.ground import Plot

KIND = "bench.nothing"
AGENT = "bench"

FACTS_OF_SUBMISSION = 2
"""task.submitted, task.validated."""

FACTS_OF_DRAIN = 3
"""task.routed, task.started, task.completed."""


def payload(number: int) -> dict[str, Any]:
    """Return what one task carries."""
    return {"number": number}


async def nothing(_: AsyncRunningTask) -> None:
    """Do it."""


@asynccontextmanager
async def hosting(plot: Plot) -> AsyncIterator[AsyncArbiter]:
    """Lend an Arbiter that knows the kind of task, and executes none."""
    async with plot.connect() as arbiter:
        arbiter.agent(AGENT, kinds={KIND})(nothing)
        yield arbiter
