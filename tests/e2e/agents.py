"""Agents for worker processes that are about to be killed: run as `arbiter worker tests.e2e.agents`."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path

from arbiter import RetryPolicy, connect
from tests.support import handlers

arbiter = connect()
NEVER = threading.Event()


@arbiter.agent("short", kinds={"short"}, concurrency=8, retry=RetryPolicy(max_attempts=6))
async def short(task):
    await asyncio.sleep(0.02)  # the work itself: long enough to be killed in
    return task.payload


@arbiter.agent("patient", kinds={"patient"}, concurrency=8)
def patient(task):
    """Goes on until its file is there: the test decides which ones finish."""
    while not Path(task.payload["finish"]).exists():
        task.raise_if_stopping()
        NEVER.wait(0.02)
    return "finished"


@arbiter.agent("victim", kinds={"innocent", "poison"}, concurrency=8)
def innocent(task):
    if task.kind == "poison":
        os.kill(os.getpid(), signal.SIGKILL)
    NEVER.wait(0.05)
    return "alive"


@arbiter.agent("stubborn", kinds={"stubborn"}, concurrency=4, retry=RetryPolicy(initial=0.01))
def stubborn(task):
    """Holds its first attempt until the file is there; later attempts answer at once."""
    while task.attempt == 1 and not Path(task.payload["finish"]).exists():
        NEVER.wait(0.02)
    return task.attempt


arbiter.agent("apart", kinds={"apart"}, isolation="process")(handlers.stay)
