"""What several suites here ask for: a store, or a caller with a table of his own and an Arbiter beside it."""

from __future__ import annotations

import pytest

from arbiter import aio
from arbiter.testing.contracts.given import Given
from tests.support.server import asked, connected
from tests.support.stores import postgres_store


@pytest.fixture
async def store(database):
    """A store on a database of its own."""
    async with postgres_store(database) as store:
        yield store


@pytest.fixture
def given(store):
    """What has happened there before."""
    return Given(store)


@pytest.fixture
async def orders(database) -> None:
    """The caller's own table."""
    await asked(database.dsn, "CREATE TABLE public.orders (id int PRIMARY KEY, note text)")
    await asked(database.dsn, "INSERT INTO public.orders VALUES (1, ''), (2, '')")


@pytest.fixture
async def arbiter(database, orders):
    async with aio.connect(database.dsn) as arbiter:
        yield arbiter


@pytest.fixture
async def caller(database, orders):
    async with connected(database.dsn, autocommit=False) as connection:
        yield connection
