"""Lets rivals look at what reviewers found, and rates their reviews by what was confirmed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol
from uuid import UUID

from arbiter import Event
from arbiter.domain import facts as f
from arbiter.interfaces.demo.confirming import comparable, confirmed
from arbiter.interfaces.demo.reviewers import Answer, rivals


class Rate(Protocol):
    """The verb by which a judge is heard."""

    def __call__(self, task_id: UUID, quality: float, *, by: str, why: str) -> object: ...


class Judge:
    """Rates every review that found something, in a thread of its own, while the others go on."""

    def __init__(self, rate: Rate) -> None:
        """Nobody is judged before `judge`; what is heard until then waits."""
        self._rate = rate
        self._heard: SimpleQueue[tuple[UUID, Answer] | None] = SimpleQueue()
        self._ours: Collection[UUID] = ()
        self._thread = Thread(target=self._run, name="judge", daemon=True)
        self._failed: Exception | None = None
        self.ratings = 0

    def hear(self, event: Event) -> None:
        """Take in what a listener is told."""
        self.take(event.fact)

    def take(self, fact: object) -> None:
        """Take in one fact; the same one again changes nothing."""
        if isinstance(fact, f.TaskCompleted):
            self._heard.put((fact.task_id, fact.result.value()))

    def judge(self, task_ids: Collection[UUID]) -> None:
        """Begin; only these tasks are ours."""
        self._ours = frozenset(task_ids)
        self._thread.start()

    def finish(self) -> None:
        """Return when all that was heard is rated; raises what kept it from that."""
        self._heard.put(None)
        self._thread.join()
        if self._failed is not None:
            raise self._failed

    def _run(self) -> None:
        left = set(self._ours)
        try:
            while (heard := self._heard.get()) is not None:
                task_id, answer = heard
                if task_id in left:
                    left.remove(task_id)
                    self._look_at(task_id, answer)
        except Exception as failed:  # noqa: BLE001 - told by finish
            self._failed = failed

    def _look_at(self, task_id: UUID, answer: Mapping[str, Any]) -> None:
        if not comparable(answer):
            return
        for rival in rivals(answer["reviewer"]):
            try:
                said = confirmed(answer, rival.second_look(answer["file"]))
            except (
                OSError
            ):  # gone meanwhile, or it took too long: nobody knows how good the review was
                continue
            if said.quality is not None:
                why = f"{said.shared} of {said.made} findings confirmed"
                self._rate(task_id, said.quality, by=rival.name, why=why)
                self.ratings += 1
