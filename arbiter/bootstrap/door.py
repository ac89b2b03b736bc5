"""The door for synchronous code: every verb waits for its answer, from any thread."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, Unpack

from arbiter.application.answers import Submitted
from arbiter.application.door import Options
from arbiter.bootstrap.agent_verbs import AgentVerbs
from arbiter.bootstrap.breaker_verbs import BreakerVerbs, FailureVerbs
from arbiter.bootstrap.core import Core
from arbiter.bootstrap.declaring import Declaring
from arbiter.bootstrap.evaluation_verbs import EvaluationVerbs
from arbiter.bootstrap.inbox import Inbox, must_be_in_a_transaction
from arbiter.bootstrap.performance_verbs import PerformanceVerbs
from arbiter.bootstrap.verb import Verb
from arbiter.bootstrap.verbs import Verbs, Work
from arbiter.bootstrap.view_verbs import ViewVerbs

P = ParamSpec("P")
T = TypeVar("T")
V = TypeVar("V")


def waiting(of: Callable[[Core], V], verb: Callable[Concatenate[V, P], Work[T]]) -> Verb[P, T]:
    """Make a verb wait for the answer."""
    return Verb(of, verb, lambda core, work: core.run(work))


class SyncViews:
    """The read models, each behind the log by as much as `lag` tells."""

    def __init__(self, core: Core) -> None:
        """Read nothing yet."""
        self.core = core

    queue_depth = waiting(ViewVerbs, ViewVerbs.queue_depth)
    queue_depths = waiting(ViewVerbs, ViewVerbs.queue_depths)
    find_tasks = waiting(ViewVerbs, ViewVerbs.find_tasks)
    task = waiting(ViewVerbs, ViewVerbs.task)
    stats = waiting(ViewVerbs, ViewVerbs.stats)
    audit_trail = waiting(ViewVerbs, ViewVerbs.audit_trail)
    projections = waiting(ViewVerbs, ViewVerbs.projections)
    lag = waiting(ViewVerbs, ViewVerbs.lag)
    catch_up = waiting(ViewVerbs, ViewVerbs.catch_up)


class SyncBreakers:
    """Who gets no tasks, or few, because it failed."""

    def __init__(self, core: Core) -> None:
        """Read nothing yet."""
        self.core = core

    list = waiting(BreakerVerbs, BreakerVerbs.list)
    open = waiting(BreakerVerbs, BreakerVerbs.open)
    close = waiting(BreakerVerbs, BreakerVerbs.close)
    reset = waiting(BreakerVerbs, BreakerVerbs.reset)


class SyncFailures:
    """Which errors keep coming back."""

    def __init__(self, core: Core) -> None:
        """Read nothing yet."""
        self.core = core

    list = waiting(FailureVerbs, FailureVerbs.list)
    show = waiting(FailureVerbs, FailureVerbs.show)
    totals = waiting(FailureVerbs, FailureVerbs.totals)


class SyncAgents:
    """The registry of agents: who there is, what each can do, and whether it takes work."""

    def __init__(self, core: Core) -> None:
        """Ask nothing yet."""
        self.core = core

    register = waiting(AgentVerbs, AgentVerbs.register)
    update = waiting(AgentVerbs, AgentVerbs.update)
    set_status = waiting(AgentVerbs, AgentVerbs.set_status)
    retire = waiting(AgentVerbs, AgentVerbs.retire)
    list = waiting(AgentVerbs, AgentVerbs.list)
    show = waiting(AgentVerbs, AgentVerbs.show)
    query = waiting(AgentVerbs, AgentVerbs.query)
    stats = waiting(AgentVerbs, AgentVerbs.stats)
    clean_up = waiting(AgentVerbs, AgentVerbs.clean_up)
    evaluate = waiting(EvaluationVerbs, EvaluationVerbs.evaluate)
    performance = waiting(PerformanceVerbs, PerformanceVerbs.performance)


class Arbiter(Declaring):
    """An event-sourced task orchestrator inside your process; made by `connect()`."""

    def __init__(self, core: Core) -> None:
        """Start nothing before first use."""
        super().__init__(core)
        self.views = SyncViews(core)
        self.breakers = SyncBreakers(core)
        self.failures = SyncFailures(core)
        self.agents = SyncAgents(core)

    def start(self) -> None:
        """Host the declared agents: register them, claim tasks, execute them, until `stop()`."""
        self.core.run(self.core.start)

    def stop(self, drain: float | None = None) -> None:
        """Stop claiming, let handlers finish for `drain` seconds, give back the rest, disconnect."""
        self.core.stop(drain)

    def __enter__(self) -> Self:
        """Use it in a `with` statement, which stops it at the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def submit(
        self, kind: str, payload: Any = None, *, connection: Any = None, **options: Unpack[Options]
    ) -> Submitted:
        """Ask for work; it is durable when this returns.

        With `connection`, a psycopg connection in a transaction of yours, it becomes durable, and is seen,
        when that transaction commits. Raises InvalidInput, UnknownKind, IdempotencyConflict, Unavailable.
        """
        verbs = Verbs(self.core)
        if connection is None:
            answer: Submitted = self.core.run(verbs.submit(kind, payload, **options))
            return answer
        must_be_in_a_transaction(connection)
        command = verbs.submission(kind, payload, **options)
        orchestrator = self.core.run(lambda service: service.known(command))
        return Inbox(orchestrator, self.settings.schema_name).submit(command, connection)

    submit_many = waiting(Verbs, Verbs.submit_many)
    report = waiting(Verbs, Verbs.report)
    cancel = waiting(Verbs, Verbs.cancel)
    suspend = waiting(Verbs, Verbs.suspend)
    resume = waiting(Verbs, Verbs.resume)
    approve = waiting(Verbs, Verbs.approve)
    reject = waiting(Verbs, Verbs.reject)
    reschedule = waiting(Verbs, Verbs.reschedule)
    redrive = waiting(Verbs, Verbs.redrive)
    rate = waiting(Verbs, Verbs.rate)
    redrive_where = waiting(Verbs, Verbs.redrive_where)
    pause_queue = waiting(Verbs, Verbs.pause_queue)
    resume_queue = waiting(Verbs, Verbs.resume_queue)
    limit_queue = waiting(Verbs, Verbs.limit_queue)
    stale = waiting(Verbs, Verbs.stale)
    clean_up = waiting(Verbs, Verbs.clean_up)
    status = waiting(Verbs, Verbs.status)
    history = waiting(Verbs, Verbs.history)
    wait = waiting(Verbs, Verbs.wait)
    stats = waiting(Verbs, Verbs.stats)
    on = waiting(Verbs, Verbs.on)
