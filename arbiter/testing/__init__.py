"""For tests of Arbiter and of programs that embed it: scenarios, builders, clocks, twins."""

from __future__ import annotations

from typing import Any

from arbiter.bootstrap import Arbiter
from arbiter.bootstrap.core import Core, merged
from arbiter.infrastructure.memory.whole import MemoryWhole
from arbiter.settings import Settings

__all__ = ["in_memory"]


def in_memory(*, settings: Settings | None = None, **values: Any) -> Arbiter:
    """Return an Arbiter that keeps its log in memory: every verb, no database, gone at the end.

    Its adapters pass the same contract suites as those of PostgreSQL. A submission in a transaction of your
    own (`connection=`) needs the real one.
    """
    return Arbiter(Core(merged(settings, None, values), MemoryWhole))
