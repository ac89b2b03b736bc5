"""What all transports share: an agent's answer becomes what a handler of ours would have done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from arbiter.application.ports import RemoteAttempts
from arbiter.application.remote.answer import Answer
from arbiter.runtime.isolation import HandlerFailed
from arbiter.runtime.running import AsyncRunningTask


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a transport needs to know of the worker that hosts its agent."""

    result_limit: int
    now: Callable[[], datetime]
    attempts: RemoteAttempts
    callbacks: str | None
    """The URL under which reports are taken in; None where nobody does."""

    def callback_url(self, attempt_id: UUID) -> str | None:
        """Where the agent may answer later."""
        return f"{self.callbacks.rstrip('/')}/attempts/{attempt_id}" if self.callbacks else None


@runtime_checkable
class Outbound(Protocol):
    """A handler that hands its tasks to somebody outside."""

    async def __call__(self, task: AsyncRunningTask) -> Any:
        """Hand over a task and return its result."""
        ...

    def bind(self, around: Surroundings) -> None:
        """Take over what the hosting worker knows, before the first task."""
        ...

    async def close(self) -> None:
        """Let go of what was opened on the way."""
        ...


def outbound(handler: object) -> Outbound | None:
    """Return a handler that hands its tasks to somebody outside; None for any other."""
    return handler if isinstance(handler, Outbound) else None


async def deliver(task: AsyncRunningTask, answer: Answer) -> Any:
    """Report what was used, then return the result or raise HandlerFailed."""
    if answer.usage:
        await task.report_usage(**answer.usage)
    if answer.quality is not None:
        task.report_quality(answer.quality)
    if answer.error is not None:
        raise HandlerFailed(answer.error)
    return answer.result
