"""Rescues the tasks of workers whose beat stands still."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

from arbiter.application.ports import Beat, Clock, Entry, Leases, Log, ReadyQueue, entry
from arbiter.domain import facts as f
from arbiter.domain import verbs
from arbiter.domain.errors import ArbiterError
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.task import remember

log = logging.getLogger(__name__)
BATCH = 200


class Reaper:
    """Watches the beats of the others, on its own stopwatch."""

    def __init__(
        self,
        leases: Leases,
        log: Log,
        ready: ReadyQueue,
        clock: Clock,
        chance: Callable[[], float],
        *,
        lease_seconds: float,
    ) -> None:
        """Nobody was seen yet."""
        self._leases, self._log, self._ready, self._clock = leases, log, ready, clock
        self._chance, self._lease_seconds = chance, lease_seconds
        self._seen: dict[UUID, tuple[int, float]] = {}
        self._lost: set[UUID] = set()

    def observe(self, beat: Beat) -> bool:
        """Take in the others' counters; tell whether somebody is to be rescued."""
        now = self._clock.monotonic()
        self._seen = {
            other: self._seen_since(other, counter, now)
            for other, counter in beat.others.items()
            if other not in beat.lost
        }
        self._lost = set(beat.lost)
        return bool(self._lost or self._silent())

    def _seen_since(self, other: UUID, counter: int, now: float) -> tuple[int, float]:
        before = self._seen.get(other)
        return before if before is not None and before[0] == counter else (counter, now)

    def _silent(self) -> Mapping[UUID, int]:
        now = self._clock.monotonic()
        return {
            other: counter
            for other, (counter, since) in self._seen.items()
            if now - since >= self._lease_seconds
        }

    async def run_once(self) -> float | None:
        """Mark the silent ones lost, and rescue until nothing of a lost one is left."""
        for other, counter in self._silent().items():
            lost = f.WorkerLost(
                incarnation=other,
                version=2,
                at=self._clock.now(),
                beat=counter,
                lease_seconds=self._lease_seconds,
            )
            if await self._leases.mark_lost(lost):
                log.warning("worker %s is lost: no beat for %g s", other, self._lease_seconds)
                self._lost.add(other)
            self._seen.pop(other, None)
        for other in list(self._lost):
            await self.rescue(other)
            self._lost.discard(other)
        return None

    async def rescue(self, incarnation: UUID) -> int:
        """Fail every attempt of a lost incarnation and offer its tasks again; say how many."""
        rescued = 0
        while task_ids := await self._ready.claimed_by(incarnation, BATCH):
            streams = await self._log.streams(task_ids)
            entries = [
                made
                for facts in streams.values()
                if (made := self._lose(incarnation, facts)) is not None
            ]
            if not entries:
                break  # rows without a running attempt behind them: forgotten below
            outcomes = await self._log.append_many(entries)
            rescued += sum(isinstance(outcome, int) for outcome in outcomes)
        await self._ready.forget(incarnation, self._clock.now())
        await self._leases.rescued(incarnation)
        if rescued:
            log.warning("rescued %d tasks of lost worker %s", rescued, incarnation)
        return rescued

    def _lose(self, incarnation: UUID, facts: Iterable[f.Fact]) -> Entry | None:
        task = remember(fact for fact in facts if isinstance(fact, TaskFact))
        if task is None or task.incarnation != incarnation or task.attempt_id is None:
            return None
        now = self._clock.now()
        error = f.Failure(
            kind="worker_lost",
            type="WorkerLost",
            message=f"worker {incarnation} did not beat for {self._lease_seconds:g} s",
        )
        try:
            decided = verbs.fail_attempt(
                task, task.attempt_id, error, at=now, chance=self._chance()
            )
        except ArbiterError:
            return None
        return entry(task, decided, at=now)[0]
