"""The live tasks on PostgreSQL, as dispatch sees them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from uuid import UUID

from arbiter.application.ports import Claimed, Swept, Turn, Turned, Unroutable
from arbiter.application.ready_row import ReadyRow
from arbiter.domain.facts import TaskSubmitted, decode
from arbiter.infrastructure.postgres.arrays import uuids
from arbiter.infrastructure.postgres.columns import SEPARATOR, turn_columns
from arbiter.infrastructure.postgres.connections import Reader, Row

SWEEP_MOST = 10_000
FIRST = TaskSubmitted.topic


class PostgresReadyQueue:
    """Turns on lanes of their own, everything else through the pool."""

    def __init__(self, reader: Reader, channel: str, lanes: Reader | None = None) -> None:
        """`lanes` lends the connections for turns; the pool does when there are none."""
        self._reader, self._channel, self._lanes = reader, channel, lanes or reader

    async def turn(self, turn: Turn) -> Turned:
        """Append, release and claim in one commit."""
        rows = await self._lanes.rows("turn", turn_columns(turn, self._channel))
        refused: set[UUID] = set()
        claimed: list[tuple[int, Claimed]] = []
        alive = False
        for what, task_id, version, state, place in rows:
            match what:
                case "claimed":
                    first = _first(state)
                    claimed.append((place, Claimed(first.task_id, version, first)))
                case "refused":
                    refused.add(task_id)
                case _:
                    alive = True
        claimed.sort(key=itemgetter(0))
        if not alive:
            return Turned(alive=False)
        return Turned(alive=True, refused=frozenset(refused), claimed=[each for _, each in claimed])

    async def unclaim(self, incarnation: UUID, task_ids: Sequence[UUID]) -> None:
        """Offer tasks again that were claimed and not begun."""
        await self._reader.rows(
            "unclaim", {"me": incarnation, "ids": uuids(task_ids), "channel": self._channel}
        )

    async def handlers_stopped(
        self, incarnation: UUID, task_ids: Sequence[UUID], at: datetime
    ) -> None:
        """Offer tasks again whose former handler has really stopped by now."""
        await self._reader.rows(
            "handlers_stopped",
            {"me": incarnation, "ids": uuids(task_ids), "at": at, "channel": self._channel},
        )

    async def sweep(self, at: datetime) -> Swept:
        """Offer the tasks whose not_before has passed."""
        row = await self._reader.row(
            "sweep", {"at": at, "how_many": SWEEP_MOST, "channel": self._channel}
        )
        flipped, next_due, next_limit = row or (0, None, None)
        return Swept(
            flipped=flipped,
            next_due=at if flipped == SWEEP_MOST else next_due,
            next_limit=next_limit,
        )

    async def overdue(self, at: datetime, limit: int) -> Sequence[UUID]:
        """Return tasks, run by no worker, one of whose time limits has passed."""
        rows = await self._reader.rows("select_overdue", {"at": at, "how_many": limit})
        return [row[0] for row in rows]

    async def unroutable(self, limit: int) -> Sequence[Unroutable]:
        """Return due tasks of a hosted kind that no live agent of that kind and queue may do now."""
        rows = await self._reader.rows("select_unroutable", {"how_many": limit})
        return [_unroutable(row) for row in rows]

    async def postpone(self, task_ids: Sequence[UUID], until: datetime, reason: str) -> None:
        """Look at tasks again later, or once somebody may do them; the reason is recorded."""
        await self._reader.run(
            "postpone", {"ids": uuids(task_ids), "until": until, "reason": reason}
        )

    async def offer_set_aside(self, limit: int) -> int:
        """Offer postponed tasks again that some live agent may do now; say how many."""
        row = await self._reader.row(
            "offer_set_aside", {"how_many": limit, "channel": self._channel}
        )
        return int(row[0]) if row else 0

    async def claimed_by(self, incarnation: UUID, limit: int) -> Sequence[UUID]:
        """Return assigned and running tasks of an incarnation."""
        rows = await self._reader.rows(
            "select_claimed_by", {"incarnation": incarnation, "how_many": limit}
        )
        return [row[0] for row in rows]

    async def forget(self, incarnation: UUID, at: datetime) -> int:
        """Offer what a gone incarnation had claimed but not begun, or not let go; say how many."""
        row = await self._reader.row(
            "forget_incarnation",
            {"incarnation": incarnation, "at": at, "channel": self._channel},
        )
        return int(row[0]) if row else 0

    async def row(self, task_id: UUID) -> ReadyRow | None:
        """Return the row of a live task."""
        found = await self._reader.row("select_ready_row", {"task_id": task_id})
        return _ready_row(found) if found else None

    async def waiting_since(self, before: datetime, limit: int) -> Sequence[ReadyRow]:
        """Return due tasks that were submitted before a moment and never started, oldest first."""
        rows = await self._reader.rows("select_waiting", {"before": before, "how_many": limit})
        return [_ready_row(row) for row in rows]


def _first(state: bytes) -> TaskSubmitted:
    fact = decode(FIRST, state)
    assert isinstance(fact, TaskSubmitted), "the first fact of a task is its submission"
    return fact


def _unroutable(row: Row) -> Unroutable:
    task_id, kept, set_aside = row
    told = (each.partition(SEPARATOR) for each in kept)
    return Unroutable(
        task_id=task_id, kept={name: why for name, _, why in told}, set_aside=set_aside
    )


def _ready_row(row: Row) -> ReadyRow:
    values = dict(zip(ReadyRow.__struct_fields__, row, strict=True))
    return ReadyRow(**{**values, "needs": tuple(values["needs"])})
