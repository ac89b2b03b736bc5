"""Records on PostgreSQL keep what every keeper of records promises."""

from collections.abc import AsyncIterator

import pytest

from arbiter.testing.builders import NOON
from arbiter.testing.clock import FrozenClock
from arbiter.testing.contracts.records import RecordsContract
from arbiter.testing.contracts.views import Viewed
from tests.support.stores import postgres_store


class TestPostgresRecords(RecordsContract):
    @pytest.fixture
    async def viewed(self, database) -> AsyncIterator[Viewed]:
        clock = FrozenClock(NOON)
        async with postgres_store(database, clock) as store:
            yield Viewed(store.log, store.views, clock)
