"""What Arbiter needs from the outside: each port is one need, kept by every adapter's contract suite."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar
from uuid import UUID

import msgspec

from arbiter.application.ready_row import ReadyRow, ready_row, stops
from arbiter.domain.facts import (
    AgentRegistered,
    AgentUpdated,
    Fact,
    QueueFact,
    TaskCancelled,
    TaskRouted,
    TaskStarted,
    TaskSubmitted,
    TaskSuspended,
    WorkerJoined,
    WorkerLeft,
    WorkerLost,
)
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.task import Task, evolve

T = TypeVar("T")


class Clock(Protocol):
    """The time, in UTC, as the log's database tells it, and a stopwatch that only goes forward."""

    def now(self) -> datetime:
        """Return the present moment; never earlier than the answer before."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some moment; for measuring spans on this machine."""
        ...


class Handle(Protocol):
    """Something running in the background."""

    def cancel(self) -> object:
        """Ask it to stop."""
        ...


class Scheduler(Protocol):
    """Where waiting and background work happen, so that a test can own both."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def call_later(self, seconds: float, call: Callable[[], object]) -> Handle:
        """Call once, after so many seconds."""
        ...

    def start(self, work: Coroutine[Any, Any, T], *, name: str) -> Awaitable[T]:
        """Begin work in the background (the loop's task)."""
        ...

    async def in_thread(self, call: Callable[..., T], *arguments: object) -> T:
        """Run a blocking call where it blocks nobody else."""
        ...


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One decision about one task, ready to be appended: its facts and what dispatch must know."""

    task_id: UUID
    expected: int
    """The version the decision was made at; 0 for a new task."""

    was_live: bool
    """The task had a ready row at that version; the append compares the two."""

    facts: tuple[TaskFact, ...]
    row: ReadyRow | None
    """The ready row from now on; None when the task wants nothing any more."""

    tells: UUID | None = None
    """The incarnation to tell, because what it runs was cancelled or suspended."""


def entry(before: Task | None, facts: Sequence[TaskFact], *, at: datetime) -> tuple[Entry, Task]:
    """Put a decision into the shape that is appended, with the task as it will be."""
    after = before
    for fact in facts:
        after = evolve(after, fact)
    assert after is not None, "a decision has at least one fact"
    return entry_of(before, tuple(facts), after, at=at), after


def entry_of(
    before: Task | None, facts: tuple[TaskFact, ...], after: Task, *, at: datetime
) -> Entry:
    """Put a decision whose outcome is known already into that shape."""
    return Entry(
        task_id=after.id,
        expected=before.version if before else 0,
        was_live=before is not None and before.is_live,
        facts=facts,
        row=ready_row(after, at=at, stops=stops(before, facts)),
        tells=None if before is None else _tells(before, facts),
    )


def _tells(before: Task, facts: tuple[TaskFact, ...]) -> UUID | None:
    ended_from_outside = isinstance(facts[0], TaskCancelled | TaskSuspended)
    return before.incarnation if ended_from_outside else None


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """A fact and its place in the log."""

    fact: Fact
    position: int


class Log(Protocol):
    """All facts, in commit order."""

    async def append(self, entry: Entry) -> int:
        """Write one decision whole; return the position reached once it is durable.

        Raises Conflict when the task has moved on from the expected version (nothing is written),
        Unavailable when the database cannot be reached.
        """
        ...

    def put(self, entry: Entry, answer: Callable[[int | Exception], object]) -> None:
        """Write one decision as `append` does; answer once, on the loop, with what that returns or raises.

        For who has much to append: nothing has to wait for each. It may answer before this returns.
        """
        ...

    async def append_many(self, entries: Sequence[Entry]) -> Sequence[int | Exception]:
        """Write many decisions, each whole or not at all; answer for each in order."""
        ...

    async def append_facts(self, facts: Sequence[Fact]) -> int:
        """Write facts that concern no task, all or none; return the position reached."""
        ...

    async def stream(self, stream_id: UUID) -> Sequence[Fact]:
        """Return all facts of one stream in order; nothing for an unknown one."""
        ...

    async def streams(self, stream_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Fact]]:
        """Return the facts of several streams; unknown ones are left out."""
        ...

    async def recorded(self, stream_id: UUID) -> Sequence[Recorded]:
        """Return all facts of one stream with their positions."""
        ...

    async def read(self, after: int, limit: int) -> Sequence[Recorded]:
        """Return the next facts behind a position, in order."""
        ...

    async def last_position(self) -> int:
        """Return the position of the last fact; 0 for an empty log."""
        ...

    async def barrier(self, incarnation: UUID) -> None:
        """Wait until every append and turn of an incarnation that has begun has ended, either way."""
        ...


class Wanted(msgspec.Struct, frozen=True):
    """Which tasks a worker can take from one queue, and how many."""

    queue: str
    kind: str
    abilities: tuple[str, ...]
    how_many: int


class Claimed(msgspec.Struct, frozen=True, gc=False):
    """A task that is ours to route; nothing is recorded yet."""

    task_id: UUID
    version: int
    first: TaskSubmitted
    """Its task.submitted: enough for a task at version 2; others are read whole."""


class Beginning(msgspec.Struct, frozen=True, gc=False):
    """The start of a task that we have claimed."""

    facts: tuple[TaskRouted, TaskStarted]
    task: Task
    """As it runs from then on."""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What a lane brings to one commit, and what it wants from it."""

    incarnation: UUID
    finished: Sequence[TaskFact] = ()
    """Facts that each end a running attempt of ours, at the version they follow."""

    begun: Sequence[Beginning] = ()

    wanted: Sequence[Wanted] = ()
    total: int = 0
    """How many tasks to claim at most, over all that is wanted."""


class Turned(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a turn."""

    alive: bool
    """Our incarnation is not lost; if it is, nothing of the turn was written."""

    refused: frozenset[UUID] = frozenset()
    """The tasks that have moved on and are no longer ours; what was decided of the others stands."""

    claimed: Sequence[Claimed] = ()
    """In the order they should be routed: priority, then age."""


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep found."""

    flipped: int
    """Tasks whose moment had come, now offered."""

    next_due: datetime | None
    """When the next waiting task's moment comes."""

    next_limit: datetime | None
    """When the next time limit of a task that no worker runs passes."""


class ReadyQueue(Protocol):
    """The live tasks, as dispatch sees them."""

    async def turn(self, turn: Turn) -> Turned:
        """Append, release and claim in one commit."""
        ...

    async def unclaim(self, incarnation: UUID, task_ids: Sequence[UUID]) -> None:
        """Offer tasks again that were claimed and not begun."""
        ...

    async def handlers_stopped(
        self, incarnation: UUID, task_ids: Sequence[UUID], at: datetime
    ) -> None:
        """Offer tasks again whose former handler has really stopped by now."""
        ...

    async def sweep(self, at: datetime) -> Swept:
        """Offer the tasks whose not_before has passed."""
        ...

    async def overdue(self, at: datetime, limit: int) -> Sequence[UUID]:
        """Return tasks, run by no worker, one of whose time limits has passed."""
        ...

    async def unroutable(self, limit: int) -> Sequence[UUID]:
        """Return due tasks of a hosted kind whose needs no live agent of that kind and queue meets."""
        ...

    async def postpone(self, task_ids: Sequence[UUID], until: datetime) -> None:
        """Look at queued tasks again later, for a reason that is already recorded."""
        ...

    async def claimed_by(self, incarnation: UUID, limit: int) -> Sequence[UUID]:
        """Return assigned and running tasks of an incarnation."""
        ...

    async def forget(self, incarnation: UUID, at: datetime) -> int:
        """Offer what a gone incarnation had claimed but not begun, or not let go; say how many."""
        ...

    async def row(self, task_id: UUID) -> ReadyRow | None:
        """Return the row of a live task."""
        ...

    async def waiting_since(self, before: datetime, limit: int) -> Sequence[ReadyRow]:
        """Return due tasks that were submitted before a moment and never started, oldest first."""
        ...


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker learns when it beats."""

    alive: bool
    now: datetime
    others: Mapping[UUID, int]
    """The beat counter of every other incarnation that is neither left nor fully rescued."""

    lost: frozenset[UUID] = frozenset()
    """Those of them that are marked lost already."""


class LiveWorker(msgspec.Struct, frozen=True, kw_only=True):
    """A worker incarnation that has neither left nor been lost."""

    incarnation: UUID
    worker: str
    host: str
    pid: int
    agents: tuple[str, ...]
    queues: tuple[str, ...]
    joined_at: datetime


class Leases(Protocol):
    """Which worker incarnations are alive."""

    async def join(self, joined: WorkerJoined) -> None:
        """Append the fact and open the incarnation's row."""
        ...

    async def beat(self, incarnation: UUID) -> Beat:
        """Raise the counter; tell the time, who else there is, and whether we are lost."""
        ...

    async def mark_lost(self, lost: WorkerLost) -> bool:
        """Append the fact and close the row, if it still stands at the fact's beat and is live."""
        ...

    async def leave(self, left: WorkerLeft) -> None:
        """Append the fact and close the row."""
        ...

    async def rescued(self, incarnation: UUID) -> None:
        """Note that nothing of a lost incarnation is left to rescue."""
        ...

    async def workers(self) -> Sequence[LiveWorker]:
        """Return the live incarnations."""
        ...


BeatStep = Callable[[Leases], Awaitable[float]]
"""Beats once over these leases; answers in how many seconds to beat again."""


class AgentProfile(msgspec.Struct, frozen=True, kw_only=True):
    """An agent as it was last registered."""

    agent_id: UUID
    name: str
    version: int
    kinds: frozenset[str]
    abilities: frozenset[str]
    max_concurrency: int


class Directory(Protocol):
    """The agents that were ever registered."""

    async def register(self, fact: AgentRegistered | AgentUpdated) -> None:
        """Append the fact and keep the profile; an agent that came first elsewhere is a Conflict."""
        ...

    async def agent(self, name: str) -> AgentProfile | None:
        """Return one agent's profile."""
        ...

    async def kinds(self) -> frozenset[str]:
        """Return every kind any agent was ever registered for."""
        ...


class QueueState(msgspec.Struct, frozen=True, kw_only=True):
    """What operators decided about a queue."""

    queue: str
    version: int = 0
    paused: bool = False
    running_limit: int | None = None


class Queues(Protocol):
    """The switches of whole queues."""

    async def set(self, fact: QueueFact) -> None:
        """Append the fact and put it in force; a version that is taken is a Conflict."""
        ...

    async def get(self, queue: str) -> QueueState:
        """Return a queue's switches; open and unlimited if nobody ever touched it."""
        ...

    async def all(self) -> Sequence[QueueState]:
        """Return every queue that was ever touched."""
        ...


Word = Literal["log", "ready", "later"]


class Bell(Protocol):
    """Tells, soon after a commit, that there is something new; may ring in vain, may miss a ring."""

    def listen(self, heard: Callable[[frozenset[str]], object]) -> Callable[[], None]:
        """Call with the words that rang ('log', 'ready', 'stop <incarnation>'); returns the way out."""
        ...


STOP_WORD = "stop "
"""Followed by an incarnation: something of its running tasks was cancelled or suspended."""


def words_of(entries: Sequence[Entry]) -> set[str]:
    """What to ring after appending these decisions."""
    words = {"log"}
    for made in entries:
        row = made.row
        if row is not None and row.status == "queued":
            words.add("ready" if row.due else "later")
        if row is not None and row.due_at is not None and row.status != "running":
            words.add("later")  # a time limit bears on it that no handler's worker watches
        if made.tells is not None:
            words.add(f"{STOP_WORD}{made.tells}")
    return words
