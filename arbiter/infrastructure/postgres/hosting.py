"""Workers and queues on PostgreSQL: a fact and a row, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import psycopg

from arbiter.application.ports import Beat, LiveWorker, QueueState
from arbiter.domain.errors import Conflict
from arbiter.domain.facts import (
    Fact,
    QueueFact,
    QueueLimited,
    QueuePaused,
    QueueResumed,
    WorkerJoined,
    WorkerLeft,
    WorkerLost,
    encode,
)
from arbiter.infrastructure.postgres.columns import fact_columns
from arbiter.infrastructure.postgres.connections import Reader, Row


class Recording:
    """Writes a fact together with the row it changes."""

    def __init__(self, reader: Reader, channel: str) -> None:
        """The reader must be open before the first call."""
        self._reader, self.channel = reader, channel

    async def _record(
        self,
        fact: Fact,
        statement: str,
        params: Mapping[str, Any],
        *,
        guard: tuple[str, Mapping[str, Any]] | None = None,
        passes: Callable[[Row | None], bool] = bool,
        unless: tuple[str, Mapping[str, Any]] | None = None,
        words: Sequence[str] = ("log",),
    ) -> bool:
        """Change the row, then append: rows are locked before the log.

        False, and nothing is written, where the guard finds no row; `passes` may judge otherwise, or raise.
        The same where `unless`, which looks once the guard holds its locks, finds any.
        """
        columns = fact_columns([fact], [encode(fact)])
        try:
            async with self._reader.transaction() as statements:
                await statements.run("guard_writing")
                if guard is not None and not passes(
                    await (await statements.run(*guard)).fetchone()
                ):
                    return False
                if unless is not None and await (await statements.run(*unless)).fetchone():
                    return False
                await statements.run(statement, params)
                await statements.run(
                    "append_facts", {**columns, "channel": self.channel, "words": list(words)}
                )
        except psycopg.errors.UniqueViolation as taken:
            raise Conflict(fact.stream_id, fact.version - 1) from taken
        return True


class PostgresLeases(Recording):
    """Which worker incarnations are alive."""

    async def join(self, joined: WorkerJoined) -> None:
        """Append the fact and open the incarnation's row."""
        await self._record(
            joined,
            "insert_worker",
            {
                "incarnation": joined.incarnation,
                "worker": joined.worker,
                "host": joined.host,
                "pid": joined.pid,
                "agents": list(joined.agents),
                "queues": list(joined.queues),
                "at": joined.at,
            },
        )

    async def beat(self, incarnation: UUID) -> Beat:
        """Raise the counter; tell the time, who else there is, and whether we are lost."""
        rows = await self._reader.rows("beat", {"me": incarnation})
        others = {row[0]: row for row in rows if row[0] != incarnation}
        now = rows[0][3] if rows else (await self._time())
        return Beat(
            alive=bool(rows) and rows[0][4],
            now=now,
            others={other: row[1] for other, row in others.items()},
            lost=frozenset(other for other, row in others.items() if row[2] == "lost"),
        )

    async def _time(self) -> Any:
        row = await self._reader.row("database_time")
        assert row is not None, "a select without a table has one row"
        return row[0]

    async def mark_lost(self, lost: WorkerLost) -> bool:
        """Append the fact and close the row, if it still stands at the fact's beat and is live."""
        return await self._record(
            lost,
            "set_worker_status",
            {"incarnation": lost.incarnation, "was": "live", "status": "lost", "at": lost.at},
            guard=("lock_worker", {"incarnation": lost.incarnation, "beat": lost.beat}),
        )

    async def leave(self, left: WorkerLeft) -> bool:
        """Append the fact and close the row, if it is live and nothing is in its hands."""
        return await self._record(
            left,
            "set_worker_status",
            {"incarnation": left.incarnation, "was": "live", "status": "gone", "at": left.at},
            guard=("lock_worker", {"incarnation": left.incarnation, "beat": None}),
            unless=("select_claimed_by", {"incarnation": left.incarnation, "how_many": 1}),
        )

    async def rescued(self, incarnation: UUID) -> None:
        """Note that nothing of a lost incarnation is left to rescue."""
        await self._reader.run(
            "set_worker_status",
            {"incarnation": incarnation, "was": "lost", "status": "gone", "at": None},
        )

    async def workers(self) -> Sequence[LiveWorker]:
        """Return the live incarnations."""
        return [_live_worker(row) for row in await self._reader.rows("select_workers")]


class PostgresQueues(Recording):
    """The switches of whole queues."""

    async def set(self, fact: QueueFact) -> None:
        """Append the fact and put it in force; a version that is taken is a Conflict."""
        paused = {QueuePaused: True, QueueResumed: False}.get(type(fact))
        limited = isinstance(fact, QueueLimited)
        await self._record(
            fact,
            "upsert_queue",
            {
                "queue": fact.queue,
                "version": fact.version,
                "paused": paused,
                "limited": limited,
                "running_limit": fact.limit if isinstance(fact, QueueLimited) else None,
            },
            words=("log", "ready"),
        )

    async def get(self, queue: str) -> QueueState:
        """Return a queue's switches; open and unlimited if nobody ever touched it."""
        found = [state for state in await self.all() if state.queue == queue]
        return found[0] if found else QueueState(queue=queue)

    async def all(self) -> Sequence[QueueState]:
        """Return every queue that was ever touched."""
        return [
            QueueState(queue=queue, version=version, paused=paused, running_limit=limit)
            for queue, version, paused, limit in await self._reader.rows("select_queues")
        ]


def _live_worker(row: Row) -> LiveWorker:
    incarnation, worker, host, pid, agents, queues, joined_at = row
    return LiveWorker(
        incarnation=incarnation,
        worker=worker,
        host=host,
        pid=pid,
        agents=tuple(agents),
        queues=tuple(queues),
        joined_at=joined_at,
    )
