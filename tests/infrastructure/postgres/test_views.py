"""The views on PostgreSQL keep what every store of views promises."""

from collections.abc import AsyncIterator

import pytest

from arbiter.testing.builders import NOON
from arbiter.testing.clock import FrozenClock
from arbiter.testing.contracts.views import Viewed, ViewsContract
from tests.support.stores import postgres_store


class TestPostgresViews(ViewsContract):
    @pytest.fixture
    async def viewed(self, database) -> AsyncIterator[Viewed]:
        clock = FrozenClock(NOON)
        async with postgres_store(database, clock) as store:
            yield Viewed(store.log, store.views, clock)
