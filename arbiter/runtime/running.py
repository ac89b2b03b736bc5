"""What a handler is given: the task, and ways to say how it goes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec

from arbiter.application import door


class Stopping(Exception):
    """The task was cancelled, suspended or timed out: the handler should end now."""


class StopFlag:
    """Raised once, from any thread; looked at by the handler."""

    __slots__ = ("_raised",)

    def __init__(self) -> None:
        """Not raised."""
        self._raised = False

    def set(self) -> None:
        """Raise it."""
        self._raised = True

    def is_set(self) -> bool:
        """Tell whether it is raised."""
        return self._raised


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """A task as its handler sees it; plain values, so that it can cross into another process."""

    id: UUID
    kind: str
    payload: Any
    queue: str
    tenant: str
    attempt: int
    """The number of this attempt; it rises for ever, so that a handler can be idempotent."""

    run: int
    attempt_id: UUID
    agent: str
    checkpoint: Any
    """What an earlier attempt wrote down last; None at first."""

    deadline: datetime | None
    trace: str | None


class Voice(Protocol):
    """Carries what a `def` handler says; each call returns when it is durable."""

    def beat(self) -> None:
        """The handler is alive."""
        ...

    def save(self, progress: Any) -> None:
        """It has come so far."""
        ...

    def use(self, used: dict[str, Any]) -> None:
        """It has used so much."""
        ...

    def rate(self, quality: float) -> None:
        """Its result will be so good."""
        ...


class AsyncVoice(Protocol):
    """Carries what an `async def` handler says."""

    def beat(self) -> None:
        """The handler is alive."""
        ...

    async def save(self, progress: Any) -> None:
        """It has come so far."""
        ...

    async def use(self, used: dict[str, Any]) -> None:
        """It has used so much."""
        ...

    def rate(self, quality: float) -> None:
        """Its result will be so good."""
        ...


class _Running:
    """A task while its handler runs."""

    def __init__(self, assignment: Assignment, stop: StopFlag, voice: Voice | AsyncVoice) -> None:
        """Made by the executor, never by users."""
        self._assignment, self._stop, self._beats = assignment, stop, voice

    @property
    def id(self) -> UUID:
        """The task's id."""
        return self._assignment.id

    @property
    def kind(self) -> str:
        """The task's kind."""
        return self._assignment.kind

    @property
    def payload(self) -> Any:
        """What the task carries in."""
        return self._assignment.payload

    @property
    def attempt(self) -> int:
        """The number of this attempt, from 1; it never repeats."""
        return self._assignment.attempt

    @property
    def run(self) -> int:
        """The number of this run: 1, and one more with each redrive."""
        return self._assignment.run

    @property
    def attempt_id(self) -> UUID:
        """Identifies this attempt; the results of another one are refused."""
        return self._assignment.attempt_id

    @property
    def queue(self) -> str:
        """The queue the task came from."""
        return self._assignment.queue

    @property
    def tenant(self) -> str:
        """Whose task it is."""
        return self._assignment.tenant

    @property
    def agent(self) -> str:
        """The agent that was chosen."""
        return self._assignment.agent

    @property
    def trace(self) -> str | None:
        """The trace context the task was submitted with."""
        return self._assignment.trace

    @property
    def last_checkpoint(self) -> Any:
        """What an earlier attempt wrote down last; None at first."""
        return self._assignment.checkpoint

    @property
    def deadline(self) -> datetime | None:
        """When this attempt times out."""
        return self._assignment.deadline

    @property
    def stopping(self) -> bool:
        """The handler was told to stop."""
        return self._stop.is_set()

    def raise_if_stopping(self) -> None:
        """Leave the handler if it was told to stop."""
        if self._stop.is_set():
            raise Stopping

    def heartbeat(self) -> None:
        """Say that the handler is alive; needed where the task has a heartbeat limit."""
        self._beats.beat()

    def report_quality(self, quality: float) -> None:
        """Say how good the result will be, 0 (useless) to 1 (right); recorded with it, the last word counts.

        Raises InvalidInput.
        """
        self._beats.beat()
        self._beats.rate(door.quality(quality))


class RunningTask(_Running):
    """What a `def` handler is given."""

    def __init__(self, assignment: Assignment, stop: StopFlag, voice: Voice) -> None:
        """Made by the executor, never by users."""
        super().__init__(assignment, stop, voice)
        self._voice = voice

    def checkpoint(self, progress: Any) -> None:
        """Write down how far the work has come; durable when this returns.

        Raises InvalidInput for what is not JSON or too long, AttemptFenced when the task is no longer ours.
        """
        self._voice.beat()
        self._voice.save(progress)

    def report_usage(
        self, *, files: int = 0, lines: int = 0, tokens: int = 0, cost: float = 0.0
    ) -> None:
        """Tell what this attempt has used so far, all numbers cumulative."""
        self._voice.beat()
        self._voice.use({"files": files, "lines": lines, "tokens": tokens, "cost": cost})


class AsyncRunningTask(_Running):
    """What an `async def` handler is given."""

    def __init__(self, assignment: Assignment, stop: StopFlag, voice: AsyncVoice) -> None:
        """Made by the executor, never by users."""
        super().__init__(assignment, stop, voice)
        self._voice = voice

    async def checkpoint(self, progress: Any) -> None:
        """Write down how far the work has come; durable when this returns."""
        self._voice.beat()
        await self._voice.save(progress)

    async def report_usage(
        self, *, files: int = 0, lines: int = 0, tokens: int = 0, cost: float = 0.0
    ) -> None:
        """Tell what this attempt has used so far, all numbers cumulative."""
        self._voice.beat()
        await self._voice.use({"files": files, "lines": lines, "tokens": tokens, "cost": cost})
