"""The in-memory twins keep every port's promises."""

import pytest

from arbiter.infrastructure.memory.adapters import MemoryAdapters, in_memory
from arbiter.testing.clock import FrozenClock
from arbiter.testing.contracts.assignments import AssignmentsContract
from arbiter.testing.contracts.bell import BellContract
from arbiter.testing.contracts.breakers import BreakersContract
from arbiter.testing.contracts.directory import DirectoryContract
from arbiter.testing.contracts.leases import LeasesContract
from arbiter.testing.contracts.log import LogContract
from arbiter.testing.contracts.queues import QueuesContract
from arbiter.testing.contracts.ready_queue import ReadyQueueContract
from arbiter.testing.contracts.remote import RemoteAttemptsContract


class InMemory:
    @pytest.fixture
    def store(self) -> MemoryAdapters:
        return in_memory(FrozenClock())


class TestMemoryLog(InMemory, LogContract): ...


class TestMemoryReadyQueue(InMemory, ReadyQueueContract): ...


class TestMemoryAssignments(InMemory, AssignmentsContract): ...


class TestMemoryLeases(InMemory, LeasesContract): ...


class TestMemoryDirectory(InMemory, DirectoryContract): ...


class TestMemoryQueues(InMemory, QueuesContract): ...


class TestMemoryBreakers(InMemory, BreakersContract): ...


class TestMemoryBell(InMemory, BellContract): ...


class TestMemoryRemoteAttempts(InMemory, RemoteAttemptsContract): ...
