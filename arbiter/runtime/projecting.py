"""One batch from the log into the views; who cannot take a fact stops there, alone."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any
from uuid import UUID

import msgspec

from arbiter.application.ports import Clock, Log, Recorded, Scheduler
from arbiter.domain.errors import Unavailable
from arbiter.projections.base import Batch, Projection, line_at, tasks_before
from arbiter.projections.ledger import Ledger, Tracked, Writing
from arbiter.projections.task_board import TaskBoard
from arbiter.projections.task_line import TaskLine
from arbiter.runtime.reading_ahead import ReadingAhead

log = logging.getLogger(__name__)


class Done(msgspec.Struct, frozen=True):
    """What became of one try."""

    facts: int
    leads: bool = True
    """Nobody else was writing the views."""

    more: bool = False
    """The log goes on behind this batch."""


class _Next(msgspec.Struct, frozen=True):
    """The projections that are furthest behind, and how far they may go before others join them."""

    names: tuple[str, ...]
    after: int
    until: int | None


class _AtFault(Exception):
    """Somebody cannot take these facts; nothing of them was written."""

    def __init__(self, task: _Next, facts: Sequence[Recorded]) -> None:
        self.task, self.facts = task, facts


class Projecting:
    """Reads once for all projections that stand at the same place."""

    def __init__(
        self,
        projections: Sequence[Projection[Any]],
        ledger: Ledger,
        facts: Log,
        *,
        clock: Clock,
        scheduler: Scheduler,
    ) -> None:
        """Nothing is read yet."""
        self._projections = {projection.name: projection for projection in projections}
        self._ledger, self._log = ledger, facts
        self._clock, self._scheduler = clock, scheduler
        self._ahead = ReadingAhead(facts, scheduler)

    async def run_once(self, most: int) -> Done:
        """Bring the projections that are furthest behind on by one batch."""
        try:
            async with self._ledger.lead(tuple(self._projections)) as writing:
                return await self._batch(writing, most)
        except _AtFault as fault:
            for name in fault.task.names:
                await self._alone(name, fault.task.after, fault.facts)
            return Done(facts=len(fault.facts), more=True)

    async def close(self) -> None:
        """Let go of what was read and not used."""
        await self._ahead.drop()

    async def _batch(self, writing: Writing, most: int) -> Done:
        task = _next(writing.tracked)
        if task is None:
            return Done(facts=0, leads=bool(writing.tracked))
        read = await self._ahead.take(task.after, most)
        facts, until = read.facts, task.until
        if until is not None:
            facts = list(takewhile(lambda recorded: recorded.position <= until, facts))
        if not facts:
            return Done(facts=0)
        more = read.more or until is not None
        try:
            await self._write(writing, task, facts, most if more else 0)
        except Unavailable:
            raise
        except Exception as error:
            raise _AtFault(task, facts) from error
        return Done(facts=len(facts), more=more)

    async def _write(
        self, writing: Writing, task: _Next, facts: Sequence[Recorded], ahead: int
    ) -> None:
        known = await self._known(writing, task.after, facts)
        batch = Batch(facts, known)
        changes = {}
        for name in task.names:
            changes[name] = self._projections[name].fold(batch)
            await self._scheduler.sleep(0)  # others of this loop have waited long enough
        if ahead:
            self._ahead.begin(batch.last_position, ahead)
        await writing.write(changes, batch.last_position)

    async def _known(
        self, writing: Writing, after: int, facts: Sequence[Recorded]
    ) -> Mapping[UUID, TaskLine]:
        """Find the tasks' lines before these facts: on the board if it stands there, else anew."""
        versions = tasks_before(facts)
        board = writing.tracked.get(TaskBoard.name)
        if board is not None and board.position == after:
            return await writing.lines(versions.keys())
        streams = await self._log.streams(list(versions))
        lines = {
            task_id: line_at(streams.get(task_id, ()), version)
            for task_id, version in versions.items()
        }
        return {task_id: line for task_id, line in lines.items() if line is not None}

    async def _alone(self, name: str, after: int, facts: Sequence[Recorded]) -> bool:
        """Bring one projection through these facts, or up to the one it cannot take."""
        try:
            async with self._ledger.lead([name]) as writing:
                if name not in writing.tracked or writing.tracked[name].position != after:
                    return False  # somebody else has gone on with it
                await self._write(writing, _Next((name,), after, None), facts, 0)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - recorded with the fact, once it is found
            if len(facts) == 1:
                await self._stop(name, facts[0].position, error)
                return False
        else:
            return True
        half = len(facts) // 2
        return await self._alone(name, after, facts[:half]) and await self._alone(
            name, facts[half - 1].position, facts[half:]
        )

    async def _stop(self, name: str, position: int, error: Exception) -> None:
        told = f"{type(error).__name__}: {error}"
        log.error("projection %s stopped at position %d: %s", name, position, told, exc_info=error)
        async with self._ledger.lead([name]) as writing:
            if name in writing.tracked:
                await writing.stop(name, position, told, self._clock.now())


def _next(tracked: Mapping[str, Tracked]) -> _Next | None:
    running = [each for each in tracked.values() if each.error is None]
    if not running:
        return None
    after = min(each.position for each in running)
    names = tuple(each.name for each in running if each.position == after)
    until = min((each.position for each in running if each.position > after), default=None)
    return _Next(names, after, until)
