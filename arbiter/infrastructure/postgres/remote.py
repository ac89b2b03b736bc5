"""The attempts that are done outside, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from arbiter.application.ports import RemoteAttempt
from arbiter.infrastructure.postgres.arrays import texts
from arbiter.infrastructure.postgres.connections import Reader


class PostgresRemoteAttempts:
    """Every attempt that was sent outside within a week, or is still under way."""

    def __init__(self, reader: Reader) -> None:
        """The reader must be open before the first call."""
        self._reader = reader

    async def admit(self, attempt: RemoteAttempt, most: int) -> bool:
        """Note an attempt before it is sent; False where its agent has `most` others under way."""
        row = await self._reader.row(
            "admit_remote_attempt",
            {
                "attempt_id": attempt.attempt_id,
                "task_id": attempt.task_id,
                "agent": attempt.agent,
                "queue": attempt.queue,
                "at": attempt.sent_at,
                "most": most,
            },
        )
        return bool(row and row[0])

    async def find(self, attempt_id: UUID) -> RemoteAttempt | None:
        """Return an attempt that was noted, over or not."""
        row = await self._reader.row("select_remote_attempt", {"attempt_id": attempt_id})
        if row is None:
            return None
        known_id, task_id, agent, queue, sent_at = row
        return RemoteAttempt(
            attempt_id=known_id, task_id=task_id, agent=agent, queue=queue, sent_at=sent_at
        )

    async def elsewhere(self, agents: Collection[str], incarnation: UUID) -> Mapping[str, int]:
        """Return how many attempts each agent has under way that this incarnation does not run."""
        rows = await self._reader.rows(
            "count_remote_attempts", {"agents": texts(sorted(agents)), "me": incarnation}
        )
        return dict(rows)
