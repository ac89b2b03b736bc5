"""The loop that Arbiter's input and output runs on; the loop of who embeds it is left alone."""

from __future__ import annotations

import asyncio
import importlib
from typing import cast


def new_loop() -> asyncio.AbstractEventLoop:
    """Make an event loop: uvloop's where there is one (not on Windows), else the standard one."""
    try:
        uvloop = importlib.import_module("uvloop")
    except ImportError:
        return asyncio.new_event_loop()
    return cast("asyncio.AbstractEventLoop", uvloop.new_event_loop())
