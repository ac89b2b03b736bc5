"""Behaviour as sentences: given what happened, when a verb is called, then these facts follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from arbiter.domain.errors import ArbiterError
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.task import Task, evolve
from arbiter.testing.builders import NOON, Decided, Step, TaskBuilder, facts_of

E = TypeVar("E", bound=ArbiterError)


@dataclass(frozen=True)
class Outcome:
    """What a verb answered."""

    task: Task | None
    facts: tuple[TaskFact, ...]
    refusal: ArbiterError | None

    def then(self, *expected: TaskFact | type[TaskFact]) -> Task:
        """Expect exactly these facts, by value or by type; return the task they lead to."""
        if self.refusal is not None:
            raise self.refusal
        assert len(self.facts) == len(expected), f"{self._told()} happened"
        for happened, wanted in zip(self.facts, expected, strict=True):
            same = type(happened) is wanted if isinstance(wanted, type) else happened == wanted
            assert same, f"{happened} happened, not {wanted}"
        return self._after()

    def then_nothing(self) -> None:
        """Expect that there was nothing to decide."""
        if self.refusal is not None:
            raise self.refusal
        assert not self.facts, f"{self._told()} happened"

    def then_refused(self, error: type[E]) -> E:
        """Expect exactly this refusal; return it."""
        assert self.refusal is not None, f"{self._told()} happened, nothing was refused"
        assert type(self.refusal) is error, f"refused with {self.refusal!r}"
        return self.refusal

    def _told(self) -> str:
        return ", ".join(fact.topic for fact in self.facts) or "nothing"

    def _after(self) -> Task:
        task = self.task
        for happened in self.facts:
            task = evolve(task, happened)
        assert task is not None, "nothing has happened yet"
        return task


@dataclass(frozen=True)
class Scenario:
    """A task's life so far; none before its first fact."""

    task: Task | None

    def when(self, decide: Callable[[Task], Decided]) -> Outcome:
        """Call a verb; a refusal is kept for `then_refused`."""
        try:
            decided = decide(self.task)  # type: ignore[arg-type]  # submit, alone, looks at no task
        except ArbiterError as refusal:
            return Outcome(self.task, (), refusal)
        return Outcome(self.task, facts_of(decided), None)


def given(*history: TaskFact | Step | TaskBuilder) -> Scenario:
    """Tell what happened before: facts, steps decided by the real verbs, or a built life."""
    task: Task | None = None
    for part in history:
        task = _told(part, task)
    return Scenario(task)


def _told(part: TaskFact | Step | TaskBuilder, task: Task | None) -> Task | None:
    match part:
        case TaskBuilder():
            happened = part.facts
        case Step():
            happened = part.happens(task, at=NOON)
        case _:
            happened = (part,)
    for fact in happened:
        task = evolve(task, fact)
    return task
