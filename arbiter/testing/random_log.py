"""Logs as busy weeks leave them behind: many tasks, every fact decided by its real verb."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from arbiter.domain import anomalies, rating
from arbiter.domain import facts as f
from arbiter.domain.errors import ArbiterError
from arbiter.domain.facts import Fact
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.limits import Limits
from arbiter.domain.status import Status
from arbiter.domain.task import Task, evolve
from arbiter.domain.trends import Point
from arbiter.testing.builders import (
    LOST,
    NOON,
    Step,
    approved,
    attempt_failed,
    cancelled,
    checkpointed,
    completed,
    deferred,
    expired,
    gated,
    given_up,
    handed_over,
    redriven,
    regated,
    rejected,
    released,
    rescheduled,
    resumed,
    routed,
    started,
    submitted,
    suspended,
    usage_reported,
)

QUEUES = ("default", "slow")
KINDS = ("code-review", "summary", "translation")
AGENTS = ("ruff", "bandit", "radon")
TIMEOUT = f.Failure(kind="timeout", type="start_to_close", message="too slow\nby far")


class RandomLog:
    """Grows a log from a seed: the same seed, the same log."""

    def __init__(self, seed: int, *, at: datetime = NOON) -> None:
        """Begin with nothing."""
        self._random = Random(seed)  # noqa: S311 - chance for tests
        self._rated: dict[UUID, rating.Rated] = {}
        self._unusual: dict[UUID, anomalies.Anomaly] = {}
        self.at = at
        self.facts: list[Fact] = []
        self.tasks: dict[UUID, Task] = {}
        """Every task as its facts tell it."""

    def grow(self, decisions: int) -> list[Fact]:
        """Let so many things be tried; return the facts that followed."""
        begin = len(self.facts)
        for _ in range(decisions):
            self.at += timedelta(microseconds=self._random.randrange(20_000_000))
            self._something_happens()
        return self.facts[begin:]

    def _something_happens(self) -> None:
        chance = self._random.random()
        if chance < 0.02:
            self.facts.append(self._of_others())
        elif chance < 0.04 and (unusual := self._watched()) is not None:
            self.facts.append(unusual)
        elif chance < 0.08 and (done := self._completed()):
            self.facts.append(self._judged(self._random.choice(done)))
        elif chance < 0.15 or not self.tasks:
            self._decide(None, self._submission())
        else:
            task = self.tasks[self._random.choice(list(self.tasks))]
            for step in self._random.sample(self._steps(), k=8):
                if self._decide(task, step):
                    return

    def _decide(self, task: Task | None, step: Step) -> bool:
        try:
            decided: tuple[TaskFact, ...] = step.happens(task, at=self.at)
        except ArbiterError:
            return False
        for fact in decided:
            task = evolve(task, fact)
        if task is not None and task.status is Status.PENDING:
            (answer,) = gated.happens(task, at=self.at)
            decided, task = (*decided, answer), evolve(task, answer)
        if task is not None:
            self.tasks[task.id] = task
        self.facts.extend(decided)
        return bool(decided)

    def _completed(self) -> list[Task]:
        return [task for task in self.tasks.values() if task.status is Status.COMPLETED]

    def _judged(self, task: Task) -> Fact:
        rated = self._rated.get(task.id) or rating.result_of(task)
        judge = self._random.choice(("ann", "bob", "cleo"))
        fact = rating.rate(rated, self._random.random(), judge, at=self.at)
        self._rated[task.id] = rating.evolve(rated, fact)
        return fact

    def _submission(self) -> Step:
        random = self._random
        details = {
            "task_id": UUID(int=random.getrandbits(128), version=4),
            "kind": random.choice(KINDS),
            "queue": random.choice(QUEUES),
            "tenant": random.choice(("default", "Ärzte")),
            "priority": random.randrange(10),
            "by": random.choice((None, "ann", "bob")),
        }
        if random.random() < 0.2:
            details["not_before"] = self._soon()
        if random.random() < 0.2:
            details["hold"] = "look at it\nfirst"
        if random.random() < 0.1:
            details["limits"] = Limits(total=60.0)
        return submitted(**details)

    def _steps(self) -> list[Step]:
        agent = self._random.choice(AGENTS)
        done = (
            completed(quality=self._random.random()) if self._random.random() < 0.3 else completed
        )
        often = [routed(agent=agent), started, done(cost=0.25)] * 5
        again = [
            attempt_failed(chance=self._random.random()),
            attempt_failed(error=LOST),
            attempt_failed(error=TIMEOUT),
            redriven(by="ann", why="fixed"),
            redriven,
        ]
        seldom = [
            approved(by="bob", why="fine"),
            checkpointed,
            deferred(look_again=self._soon()),
            expired,
            given_up,
            handed_over(callback_seconds=self._random.choice((1.0, 50.0, 4000.0))),
            regated,
            rejected(why="not\twanted"),
            released,
            rescheduled(priority=self._random.randrange(10)),
            rescheduled(not_before=self._soon()),
            resumed(by="ann"),
            suspended(why="wait"),
            usage_reported(files=3, cost=0.5),
        ]
        ends = [cancelled(by="ann", why="no longer wanted")] if self._random.random() < 0.2 else []
        return often + again * 2 + seldom + ends

    def _soon(self) -> datetime:
        return self.at + timedelta(seconds=self._random.choice((-5, 0, 3, 50, 100, 4000)))

    def _watched(self) -> Fact | None:
        """Look at one agent once more: it does as usual, or not."""
        random = self._random
        new = random.choice(anomalies.unknown(random.choice(AGENTS), random.choice(KINDS)))
        usual, now = (
            Point(
                begins=self.at,
                attempts=20,
                p95_ms=random.choice((100.0, 1000.0, 6000.0)),
                success_rate=random.choice((0.5, 0.9)),
                quality=random.choice((0.5, 0.9)),
            )
            for _ in range(2)
        )
        anomaly = self._unusual.get(new.id, new)
        fact = anomalies.answer(anomaly, now, usual, at=self.at)
        if fact is not None:
            self._unusual[new.id] = anomalies.evolve(anomaly, fact)
        return fact

    def _of_others(self) -> Fact:
        random = self._random
        stream = UUID(int=random.getrandbits(128), version=4)
        return random.choice(
            (
                f.QueuePaused(queue_id=stream, queue="slow", version=1, at=self.at, by="ann"),
                f.WorkerLost(incarnation=stream, version=1, at=self.at, beat=3, lease_seconds=10.0),
                f.AgentRegistered(agent_id=stream, version=1, at=self.at, name="ruff", kinds=KINDS),
            )
        )
