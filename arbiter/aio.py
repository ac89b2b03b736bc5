"""The door for asyncio: the same verbs, awaiting the same futures; no logic of its own."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, Unpack

from arbiter.application.answers import Submitted
from arbiter.application.door import Options
from arbiter.bootstrap.agent_verbs import AgentVerbs
from arbiter.bootstrap.breaker_verbs import BreakerVerbs, FailureVerbs
from arbiter.bootstrap.core import Core, merged
from arbiter.bootstrap.declaring import Declaring
from arbiter.bootstrap.evaluation_verbs import EvaluationVerbs
from arbiter.bootstrap.inbox import Inbox, must_be_in_a_transaction
from arbiter.bootstrap.performance_verbs import PerformanceVerbs
from arbiter.bootstrap.verb import AsyncVerb
from arbiter.bootstrap.verbs import Verbs, Work
from arbiter.bootstrap.view_verbs import ViewVerbs
from arbiter.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")
V = TypeVar("V")


def awaiting(
    of: Callable[[Core], V], verb: Callable[Concatenate[V, P], Work[T]]
) -> AsyncVerb[P, T]:
    """Make a verb await the answer."""
    return AsyncVerb(of, verb, lambda core, work: core.arun(work))


class AsyncViews:
    """The read models, each behind the log by as much as `lag` tells."""

    def __init__(self, core: Core) -> None:
        """Read nothing yet."""
        self.core = core

    queue_depth = awaiting(ViewVerbs, ViewVerbs.queue_depth)
    queue_depths = awaiting(ViewVerbs, ViewVerbs.queue_depths)
    find_tasks = awaiting(ViewVerbs, ViewVerbs.find_tasks)
    task = awaiting(ViewVerbs, ViewVerbs.task)
    stats = awaiting(ViewVerbs, ViewVerbs.stats)
    audit_trail = awaiting(ViewVerbs, ViewVerbs.audit_trail)
    projections = awaiting(ViewVerbs, ViewVerbs.projections)
    lag = awaiting(ViewVerbs, ViewVerbs.lag)
    catch_up = awaiting(ViewVerbs, ViewVerbs.catch_up)


class AsyncBreakers:
    """Who gets no tasks, or few, because it failed."""

    def __init__(self, core: Core) -> None:
        """Read nothing yet."""
        self.core = core

    list = awaiting(BreakerVerbs, BreakerVerbs.list)
    open = awaiting(BreakerVerbs, BreakerVerbs.open)
    close = awaiting(BreakerVerbs, BreakerVerbs.close)
    reset = awaiting(BreakerVerbs, BreakerVerbs.reset)


class AsyncFailures:
    """Which errors keep coming back."""

    def __init__(self, core: Core) -> None:
        """Read nothing yet."""
        self.core = core

    list = awaiting(FailureVerbs, FailureVerbs.list)
    show = awaiting(FailureVerbs, FailureVerbs.show)
    totals = awaiting(FailureVerbs, FailureVerbs.totals)


class AsyncAgents:
    """The registry of agents: who there is, what each can do, and whether it takes work."""

    def __init__(self, core: Core) -> None:
        """Ask nothing yet."""
        self.core = core

    register = awaiting(AgentVerbs, AgentVerbs.register)
    update = awaiting(AgentVerbs, AgentVerbs.update)
    set_status = awaiting(AgentVerbs, AgentVerbs.set_status)
    retire = awaiting(AgentVerbs, AgentVerbs.retire)
    list = awaiting(AgentVerbs, AgentVerbs.list)
    show = awaiting(AgentVerbs, AgentVerbs.show)
    query = awaiting(AgentVerbs, AgentVerbs.query)
    stats = awaiting(AgentVerbs, AgentVerbs.stats)
    clean_up = awaiting(AgentVerbs, AgentVerbs.clean_up)
    evaluate = awaiting(EvaluationVerbs, EvaluationVerbs.evaluate)
    performance = awaiting(PerformanceVerbs, PerformanceVerbs.performance)


class AsyncArbiter(Declaring):
    """An event-sourced task orchestrator inside your process; made by `aio.connect()`."""

    def __init__(self, core: Core) -> None:
        """Start nothing before first use."""
        super().__init__(core)
        self.views = AsyncViews(core)
        self.breakers = AsyncBreakers(core)
        self.failures = AsyncFailures(core)
        self.agents = AsyncAgents(core)

    async def start(self) -> None:
        """Host the declared agents: register them, claim tasks, execute them, until `stop()`."""
        await self.core.arun(self.core.start)

    async def stop(self, drain: float | None = None) -> None:
        """Stop claiming, let handlers finish for `drain` seconds, give back the rest, disconnect."""
        await self.core.astop(drain)

    async def __aenter__(self) -> Self:
        """Use it in an `async with` statement, which stops it at the end."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        await self.stop()

    async def submit(
        self, kind: str, payload: Any = None, *, connection: Any = None, **options: Unpack[Options]
    ) -> Submitted:
        """Ask for work; it is durable when this returns.

        With `connection`, a psycopg AsyncConnection in a transaction of yours, it becomes durable, and is
        seen, when that commits. Raises InvalidInput, UnknownKind, IdempotencyConflict, Unavailable.
        """
        verbs = Verbs(self.core)
        if connection is None:
            answer: Submitted = await self.core.arun(verbs.submit(kind, payload, **options))
            return answer
        must_be_in_a_transaction(connection)
        command = verbs.submission(kind, payload, **options)
        orchestrator = await self.core.arun(lambda service: service.known(command))
        return await Inbox(orchestrator, self.settings.schema_name).asubmit(command, connection)

    submit_many = awaiting(Verbs, Verbs.submit_many)
    report = awaiting(Verbs, Verbs.report)
    cancel = awaiting(Verbs, Verbs.cancel)
    suspend = awaiting(Verbs, Verbs.suspend)
    resume = awaiting(Verbs, Verbs.resume)
    approve = awaiting(Verbs, Verbs.approve)
    reject = awaiting(Verbs, Verbs.reject)
    reschedule = awaiting(Verbs, Verbs.reschedule)
    redrive = awaiting(Verbs, Verbs.redrive)
    rate = awaiting(Verbs, Verbs.rate)
    redrive_where = awaiting(Verbs, Verbs.redrive_where)
    pause_queue = awaiting(Verbs, Verbs.pause_queue)
    resume_queue = awaiting(Verbs, Verbs.resume_queue)
    limit_queue = awaiting(Verbs, Verbs.limit_queue)
    stale = awaiting(Verbs, Verbs.stale)
    clean_up = awaiting(Verbs, Verbs.clean_up)
    status = awaiting(Verbs, Verbs.status)
    history = awaiting(Verbs, Verbs.history)
    wait = awaiting(Verbs, Verbs.wait)
    stats = awaiting(Verbs, Verbs.stats)
    on = awaiting(Verbs, Verbs.on)


def connect(
    dsn: str | None = None, *, settings: Settings | None = None, **values: Any
) -> AsyncArbiter:
    """Return an Arbiter for asyncio; see `arbiter.connect`."""
    return AsyncArbiter(Core(merged(settings, dsn, values)))
