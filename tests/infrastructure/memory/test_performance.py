"""How agents do, in memory, keeps what every keeper of it promises."""

import pytest

from arbiter.infrastructure.memory.adapters import in_memory
from arbiter.infrastructure.memory.views import MemoryViews
from arbiter.testing.builders import NOON
from arbiter.testing.clock import FrozenClock
from arbiter.testing.contracts.performance import PerformanceContract
from arbiter.testing.contracts.views import Viewed


class TestMemoryPerformance(PerformanceContract):
    @pytest.fixture
    def viewed(self) -> Viewed:
        clock = FrozenClock(NOON)
        log = in_memory(clock).log
        return Viewed(log, MemoryViews(log, clock), clock)
