"""What readers can ask, and what they are told; the views follow the log, so `lag` tells how far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from arbiter.application.performance import AnomaliesReader, PerformanceReader
from arbiter.application.ports import Records
from arbiter.domain.breaker import Breaker
from arbiter.domain.failures import Watch
from arbiter.domain.status import Status


class QueueDepth(msgspec.Struct, frozen=True, kw_only=True):
    """How many tasks a queue holds."""

    queue: str
    statuses: Mapping[str, int]
    """By status; those without tasks are left out."""

    kinds: Mapping[str, Mapping[str, int]]
    """By kind, then by status."""

    tenants: Mapping[str, Mapping[str, int]]
    """By tenant, then by status."""

    delayed: int
    """Queued tasks that are not offered before a minute that is still to come."""

    @property
    def queued(self) -> int:
        """Tasks that wait for a worker, delayed ones included."""
        return self.statuses.get(Status.QUEUED.value, 0)

    @property
    def ready(self) -> int:
        """Queued tasks that wait for nothing but a worker."""
        return self.queued - self.delayed


class TaskSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One task as the board shows it."""

    task_id: UUID
    status: str
    kind: str
    queue: str
    tenant: str
    priority: int
    run: int
    attempts: int
    """The number of the latest attempt."""

    losses: int
    """How often its worker was lost."""

    agent: str | None
    """Who does it, or did it last."""

    submitted_at: datetime
    not_before: datetime | None
    """Earliest offer; None where it waits for no moment."""

    started_at: datetime | None
    ended_at: datetime | None
    updated_at: datetime
    latency_ms: float | None
    error_type: str | None
    error_message: str | None
    reason: str | None
    """Why it rests where it is: held, deferred, suspended, cancelled, rejected."""

    version: int
    position: int
    """Its last fact that the board knows."""

    @property
    def rescued(self) -> bool:
        """It was completed although a worker was lost over it."""
        return self.losses > 0 and self.status == Status.COMPLETED


class TaskFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which tasks to find: all that is named must hold."""

    statuses: frozenset[str] = frozenset()
    """One of these; empty for any."""

    kind: str | None = None
    queue: str | None = None
    agent: str | None = None
    tenant: str | None = None
    submitted_from: datetime | None = None
    submitted_before: datetime | None = None
    error: str | None = None
    """The type of its last error."""

    text: str | None = None
    """Anywhere in kind, agent, error, reason or id; capitals do not matter."""

    lost: bool | None = None
    """Whether a worker was ever lost over it."""


ANY_TASK = TaskFilter()


class TaskPage(msgspec.Struct, frozen=True):
    """Some of the tasks that were found, newest first."""

    tasks: Sequence[TaskSummary]
    next: str | None
    """Hand this in as `after` for the next page; None on the last."""


class Percentiles(msgspec.Struct, frozen=True):
    """Milliseconds that half, 95 and 99 of 100 stay within; each at most `error` off."""

    count: int
    p50: float | None
    p95: float | None
    p99: float | None
    error: float
    """The greatest error, as a share of the value."""


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in a window of time, and where the tasks stand now."""

    window_minutes: int | None
    """The latest minutes counted, the present one included; None for all of them."""

    statuses: Mapping[str, int]
    """Where all tasks stand at present, whatever the window."""

    facts: int
    submitted: int
    attempts: int
    """Attempts that started."""

    completed: int
    failed: int
    cancelled: int
    rejected: int
    retries: int
    """Attempts that failed and were followed by another."""

    worker_lost: int
    """Attempts that were lost with their workers."""

    rescued: int
    """Tasks completed although a worker was lost over them."""

    throughput_per_minute: float
    """Tasks completed per minute, from the window's first minute with a fact on."""

    latency_ms: Percentiles
    """From the beginning of the run, by submission or redrive, to its result."""

    attempt_ms: Percentiles
    """From an attempt's start to its result or its error."""

    schedule_to_start_ms: Percentiles
    """From when an attempt could have started to its start."""


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """One fact as a sentence."""

    position: int
    at: datetime
    actor: str
    sentence: str
    cause: str | None
    topic: str
    stream_id: UUID
    version: int


class ProjectionState(msgspec.Struct, frozen=True, kw_only=True):
    """How far one projection has come."""

    name: str
    position: int
    behind: int
    """Positions up to the end of the log."""

    error: str | None
    """Why it stopped; None while it runs."""

    error_position: int | None


class FailureFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which failure patterns to find: all that is named must hold."""

    agent: str | None = None
    kind: str | None = None
    """exception, timeout, worker_lost or refused."""

    type: str | None = None
    since: datetime | None = None
    """Seen after this moment."""

    least: int = 0
    """Seen so many times at least."""

    alerted_before: datetime | None = None
    """Not alerted after this moment."""

    def holds(self, watch: Watch) -> bool:
        """Tell whether a pattern is meant."""
        of, since, before = watch.pattern, self.since, self.alerted_before
        return (
            self.agent in {None, of.agent}
            and self.kind in {None, of.kind}
            and self.type in {None, of.type}
            and watch.seen >= self.least
            and (since is None or (watch.last is not None and watch.last > since))
            and (before is None or watch.alerted_at is None or watch.alerted_at <= before)
        )


ANY_FAILURE = FailureFilter()


class FailureTotals(msgspec.Struct, frozen=True, kw_only=True):
    """How many failures were ever seen, sorted in three ways; the most of each first."""

    agents: Mapping[str, int]
    """By agent; an empty name stands for tasks that no agent had."""

    kinds: Mapping[str, int]
    types: Mapping[str, int]


class BreakerCounts(Protocol):
    """What counts for each breaker: it follows the log, as every view does."""

    async def to_watch(self) -> Sequence[Breaker]:
        """Return the breakers from which something may follow, by name."""
        ...

    async def all(self) -> Sequence[Breaker]:
        """Return every breaker of which anything is known, by name."""
        ...


class FailurePatterns(Protocol):
    """Which errors keep coming back."""

    async def find(
        self, wanted: FailureFilter = ANY_FAILURE, *, limit: int = 50
    ) -> Sequence[Watch]:
        """Return patterns, the latest seen first."""
        ...

    async def get(self, fingerprint: str) -> Watch | None:
        """Return one pattern."""
        ...

    async def totals(self) -> FailureTotals:
        """Return how many failures were ever seen, and of whom."""
        ...


class QueueDepths(Protocol):
    """How many tasks the queues hold."""

    async def of(self, queue: str) -> QueueDepth:
        """Return one queue's depth; an unknown queue is empty."""
        ...

    async def all(self) -> Sequence[QueueDepth]:
        """Return the depth of every queue that holds a task, ended ones included, by name."""
        ...


class TaskBoard(Protocol):
    """Every task in one line."""

    async def find(
        self, wanted: TaskFilter = ANY_TASK, *, after: str | None = None, limit: int = 50
    ) -> TaskPage:
        """Return tasks, newest first; `after` is a page's `next`."""
        ...

    async def get(self, task_id: UUID) -> TaskSummary | None:
        """Return one task's line."""
        ...

    async def under_way(self) -> Mapping[str, int]:
        """Return how many assigned and running tasks each agent has; who has none is left out."""
        ...


class StatsReader(Protocol):
    """What happened lately."""

    async def read(self, *, window_minutes: int | None = 60, now: datetime | None = None) -> Stats:
        """Return the sums of a window that ends now, or at a moment that is named."""
        ...


class AuditTrail(Protocol):
    """The log as sentences."""

    async def read(
        self,
        *,
        after: int = 0,
        limit: int = 100,
        task_id: UUID | None = None,
        actor: str | None = None,
    ) -> Sequence[AuditLine]:
        """Return the next lines behind a position, in the order of the log."""
        ...


class Views(Protocol):
    """Everything that can be read about all tasks."""

    @property
    def queue_depth(self) -> QueueDepths:
        """How many tasks the queues hold."""
        ...

    @property
    def task_board(self) -> TaskBoard:
        """Every task in one line."""
        ...

    @property
    def stats(self) -> StatsReader:
        """What happened lately."""
        ...

    @property
    def audit_trail(self) -> AuditTrail:
        """The log as sentences."""
        ...

    @property
    def agent_performance(self) -> PerformanceReader:
        """How agents do."""
        ...

    @property
    def anomalies(self) -> AnomaliesReader:
        """What is not as usual about agents."""
        ...

    @property
    def records(self) -> Records:
        """What outcomes told of agents, for who routes."""
        ...

    @property
    def breakers(self) -> BreakerCounts:
        """What counts for each breaker."""
        ...

    @property
    def failures(self) -> FailurePatterns:
        """Which errors keep coming back."""
        ...

    async def lag(self) -> Mapping[str, int]:
        """Return how many positions each projection is behind the log."""
        ...

    async def projections(self) -> Sequence[ProjectionState]:
        """Return how far each projection has come, and what stopped it."""
        ...
