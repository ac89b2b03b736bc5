"""Records in memory keep what every keeper of records promises."""

import pytest

from arbiter.infrastructure.memory.adapters import in_memory
from arbiter.infrastructure.memory.views import MemoryViews
from arbiter.testing.builders import NOON
from arbiter.testing.clock import FrozenClock
from arbiter.testing.contracts.records import RecordsContract
from arbiter.testing.contracts.views import Viewed


class TestMemoryRecords(RecordsContract):
    @pytest.fixture
    def viewed(self) -> Viewed:
        clock = FrozenClock(NOON)
        log = in_memory(clock).log
        return Viewed(log, MemoryViews(log, clock), clock)
