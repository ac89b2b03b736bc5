"""The PostgreSQL adapters keep every port's promises."""

from collections.abc import AsyncIterator

import pytest

from arbiter.testing.contracts.assignments import AssignmentsContract
from arbiter.testing.contracts.bell import BellContract
from arbiter.testing.contracts.breakers import BreakersContract
from arbiter.testing.contracts.directory import DirectoryContract
from arbiter.testing.contracts.leases import LeasesContract
from arbiter.testing.contracts.log import LogContract
from arbiter.testing.contracts.queues import QueuesContract
from arbiter.testing.contracts.ready_queue import ReadyQueueContract
from arbiter.testing.contracts.remote import RemoteAttemptsContract
from arbiter.testing.contracts.store import Store
from tests.support.stores import postgres_store


class OnPostgres:
    @pytest.fixture
    async def store(self, database) -> AsyncIterator[Store]:
        async with postgres_store(database) as store:
            yield store


class TestPostgresLog(OnPostgres, LogContract): ...


class TestPostgresReadyQueue(OnPostgres, ReadyQueueContract): ...


class TestPostgresAssignments(OnPostgres, AssignmentsContract): ...


class TestPostgresLeases(OnPostgres, LeasesContract): ...


class TestPostgresDirectory(OnPostgres, DirectoryContract): ...


class TestPostgresQueues(OnPostgres, QueuesContract): ...


class TestPostgresBreakers(OnPostgres, BreakersContract): ...


class TestPostgresBell(OnPostgres, BellContract): ...


class TestPostgresRemoteAttempts(OnPostgres, RemoteAttemptsContract): ...
