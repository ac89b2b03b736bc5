"""Tasks given to agents that other workers host, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec

from arbiter.application.ports import Assignment, Elsewhere
from arbiter.domain.agent_status import TAKES_WORK
from arbiter.domain.deadlines import due_at
from arbiter.domain.facts import AgentRegistered, encode
from arbiter.infrastructure.postgres.arrays import integers, moments, uuids
from arbiter.infrastructure.postgres.columns import fact_columns
from arbiter.infrastructure.postgres.connections import Reader

_read_profile = msgspec.json.Decoder(AgentRegistered).decode
WORKING = sorted(TAKES_WORK)


class PostgresAssignments:
    """Each call is one statement."""

    def __init__(self, reader: Reader, channel: str) -> None:
        """The reader must be open before the first call."""
        self._reader, self._channel = reader, channel

    async def hosts(
        self, me: UUID, queues: Collection[str], kinds: Collection[str]
    ) -> Sequence[Elsewhere]:
        """Return the agents of these kinds that other live workers of these queues host."""
        asked = {"me": me, "queues": sorted(queues), "kinds": sorted(kinds), "statuses": WORKING}
        return [
            Elsewhere(
                profile=_read_profile(profile),
                abilities=frozenset(abilities),
                incarnation=incarnation,
                queues=frozenset(served),
                busy=busy,
            )
            for profile, abilities, incarnation, served, busy in await self._reader.rows(
                "select_elsewhere", asked
            )
        ]

    async def give(self, me: UUID, given: Sequence[Assignment]) -> frozenset[UUID]:
        """Append the facts and put the tasks into their hosts' hands; return those that stayed."""
        facts = [each.fact for each in given]
        tasks = [each.task for each in given]
        rows = await self._reader.rows(
            "assign",
            {
                **fact_columns(facts, [encode(fact) for fact in facts]),
                "me": me,
                "known": uuids([task.id for task in tasks]),
                "expected": integers([fact.version - 1 for fact in facts]),
                "hosts": uuids([fact.incarnation for fact in facts]),
                "version": integers([task.version for task in tasks]),
                "attempt": integers([task.attempt for task in tasks]),
                "attempt_id": uuids([task.attempt_id for task in tasks]),
                "due_at": moments([due_at(task) for task in tasks]),
                "channel": self._channel,
            },
        )
        return frozenset(task.id for task in tasks) - {row[0] for row in rows}

    async def given(self, me: UUID, queues: Collection[str], limit: int) -> Sequence[UUID]:
        """Return the tasks that rest with us, assigned and not started, the most urgent first."""
        rows = await self._reader.rows(
            "select_given", {"me": me, "queues": sorted(queues), "how_many": limit}
        )
        return [row[0] for row in rows]
