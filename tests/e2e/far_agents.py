"""An agent on what stands for another host: run as `arbiter worker tests.e2e.far_agents`."""

from __future__ import annotations

import asyncio

from arbiter import RetryPolicy, connect

arbiter = connect()


@arbiter.agent(
    "far", kinds={"work"}, concurrency=8, retry=RetryPolicy(max_attempts=6, initial=0.01)
)
async def far(task):
    await asyncio.sleep(0.02)  # the work itself: long enough to be killed in
    return "far"
