"""The views in memory keep what every store of views promises."""

import pytest

from arbiter.infrastructure.memory.adapters import in_memory
from arbiter.infrastructure.memory.views import MemoryViews
from arbiter.testing.builders import NOON
from arbiter.testing.clock import FrozenClock
from arbiter.testing.contracts.views import Viewed, ViewsContract


class TestMemoryViews(ViewsContract):
    @pytest.fixture
    def viewed(self) -> Viewed:
        clock = FrozenClock(NOON)
        log = in_memory(clock).log
        return Viewed(log, MemoryViews(log, clock), clock)
