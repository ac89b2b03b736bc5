"""How agents do, on PostgreSQL, keeps what every keeper of it promises."""

from collections.abc import AsyncIterator

import pytest

from arbiter.testing.builders import NOON
from arbiter.testing.clock import FrozenClock
from arbiter.testing.contracts.performance import PerformanceContract
from arbiter.testing.contracts.views import Viewed
from tests.support.stores import postgres_store


class TestPostgresPerformance(PerformanceContract):
    @pytest.fixture
    async def viewed(self, database) -> AsyncIterator[Viewed]:
        clock = FrozenClock(NOON)
        async with postgres_store(database, clock) as store:
            yield Viewed(store.log, store.views, clock)
