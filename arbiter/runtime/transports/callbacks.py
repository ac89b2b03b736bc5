"""Takes in what agents outside report of attempts they have: proven, fenced, once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from arbiter.application.answers import Reported
from arbiter.application.orchestrator import Orchestrator
from arbiter.application.payloads import to_blob
from arbiter.application.ports import Clock, Log, RemoteAttempts
from arbiter.application.remote.answer import Answer, read_answer
from arbiter.application.remote.signature import verify
from arbiter.domain import facts as f
from arbiter.domain import verbs
from arbiter.domain.blob import Blob
from arbiter.domain.errors import (
    AttemptFenced,
    BadSignature,
    IllegalTransition,
    InvalidInput,
    UnknownAttempt,
)
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.task import Task, evolve, remember


class Acquaintance(NamedTuple):
    """What is known here of an agent outside."""

    secret: str | None = None
    """What both sides sign with."""

    cost_per_task: float = 0.0


WhoIs = Callable[[str], Awaitable[Acquaintance]]
"""Tells what is known of the agent of this name."""


class Callbacks:
    """Whoever knows an agent's secret may end the attempts that this agent has."""

    def __init__(
        self,
        *,
        attempts: RemoteAttempts,
        orchestrator: Orchestrator,
        log: Log,
        clock: Clock,
        who_is: WhoIs,
        result_limit: int,
    ) -> None:
        """Nothing was reported yet."""
        self._attempts, self._orchestrator, self._log = attempts, orchestrator, log
        self._clock, self._who_is, self._result_limit = clock, who_is, result_limit

    async def report(self, attempt_id: UUID, body: bytes, signature: str | None) -> Reported:
        """End an attempt as its agent answers; the same answer again changes nothing.

        Raises UnknownAttempt, BadSignature, InvalidInput, and AttemptFenced for an attempt that is over.
        """
        attempt = await self._attempts.find(attempt_id)
        if attempt is None:
            raise UnknownAttempt(attempt_id)
        agent = await self._who_is(attempt.agent)
        if agent.secret is None:
            no_secret = f"cannot be checked: no secret of agent {attempt.agent} is known here"
            raise BadSignature(no_secret)
        verify(agent.secret, attempt_id, body, signature, at=self._clock.now())
        answer = read_answer(body)
        result = to_blob(answer.result, "answer.result", self._result_limit)
        cost = answer.usage.get("cost") or agent.cost_per_task
        report = _Report(answer, result, cost or None)
        chance = self._orchestrator.chance()
        try:
            task = await self._orchestrator.decide(
                attempt.task_id,
                lambda task, at: _ended(task, attempt_id, report, at, chance),
            )
        except (AttemptFenced, IllegalTransition):
            return await self._said_before(attempt.task_id, attempt_id, answer, result)
        return Reported(task_id=task.id, attempt_id=attempt_id, status=task.status)

    async def _said_before(
        self, task_id: UUID, attempt_id: UUID, answer: Answer, result: Blob
    ) -> Reported:
        """Answer for an attempt that is over: well, if it ended with this very answer."""
        facts = [fact for fact in await self._log.stream(task_id) if isinstance(fact, TaskFact)]
        end = _end_of(facts, attempt_id)
        match end:
            case f.TaskCompleted():
                is_same = answer.error is None and end.result == result
            case f.TaskAttemptFailed() | f.TaskFailed():
                is_same = answer.error is not None and end.error == answer.error
            case _:
                is_same = False
        if not is_same:
            raise AttemptFenced(task_id, attempt_id)
        task = remember(facts)
        assert task is not None, "it has an end"
        return Reported(task_id=task_id, attempt_id=attempt_id, status=task.status, repeated=True)


class _Report(NamedTuple):
    answer: Answer
    result: Blob
    cost: float | None


def _ended(
    task: Task, attempt_id: UUID, report: _Report, at: datetime, chance: float
) -> Sequence[TaskFact]:
    answer, result, cost = report
    if task.attempt_id != attempt_id:
        raise AttemptFenced(task.id, attempt_id)
    used: list[TaskFact] = []
    if answer.usage:
        used = [verbs.report_usage(task, attempt_id, at=at, **answer.usage)]
        task = evolve(task, used[0])
    if answer.error is not None:
        return [
            *used,
            *verbs.fail_attempt(task, attempt_id, answer.error, at=at, chance=chance),
        ]
    return [
        *used,
        verbs.complete(task, attempt_id, result, at=at, quality=answer.quality, cost=cost),
    ]


def _end_of(facts: Sequence[TaskFact], attempt_id: UUID) -> TaskFact | None:
    """Return the fact that ended an attempt."""
    holds = False
    for fact in facts:
        if isinstance(fact, f.TaskRouted):
            holds = fact.attempt_id == attempt_id
        elif holds and fact.becomes is not None and not isinstance(fact, f.TaskStarted):
            return fact
    return None


def parsed(attempt_id: UUID | str) -> UUID:
    """Read an attempt's id. Raises InvalidInput."""
    if isinstance(attempt_id, UUID):
        return attempt_id
    try:
        return UUID(attempt_id)
    except (ValueError, TypeError, AttributeError):
        raise InvalidInput(
            "attempt_id", f"{attempt_id!r} is no id", "give the one the agent was told"
        ) from None
