"""Breakers and their permits on PostgreSQL: a fact and a row, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from arbiter.application.ports import Probe, Standing
from arbiter.domain.breaker import Breaker, State, evolve, new_breaker
from arbiter.domain.facts import BreakerFact
from arbiter.infrastructure.postgres.arrays import texts, uuids
from arbiter.infrastructure.postgres.connections import Row
from arbiter.infrastructure.postgres.hosting import Recording


class PostgresBreakers(Recording):
    """The breakers that ever moved."""

    async def move(self, fact: BreakerFact) -> None:
        """Append the fact and put it in force; a version that is taken is a Conflict."""
        after = evolve(new_breaker(fact.agent), fact)
        await self._record(
            fact,
            "upsert_breaker",
            {
                "name": after.name,
                "breaker_id": after.id,
                "version": after.version,
                "state": after.state.value,
                "until": after.until,
                "allowed": after.allowed,
                "since": after.since,
                "by": after.by,
                "why": after.why,
            },
            words=("log", "agents"),
        )

    async def get(self, name: str) -> Breaker:
        """Return a breaker as its facts tell it; one that never moved is new."""
        row = await self._reader.row("select_breakers", {"names": texts([name])})
        return _breaker(row) if row else new_breaker(name)

    async def all(self) -> Sequence[Breaker]:
        """Return every breaker that ever moved, by name."""
        return [
            _breaker(row) for row in await self._reader.rows("select_breakers", {"names": None})
        ]

    async def standing(self) -> Mapping[str, Standing]:
        """Return those that are not closed."""
        return {
            name: Standing(state=State(state), until=until, room=room)
            for name, state, until, room in await self._reader.rows("select_standing")
        }

    async def permit(self, incarnation: UUID, probes: Sequence[Probe]) -> frozenset[UUID]:
        """Take permits for tasks this incarnation has claimed; return the tasks that may begin."""
        asked = [(name, probe) for probe in probes for name in probe.breakers]
        rows = await self._reader.rows(
            "take_permits",
            {
                "names": texts([name for name, _ in asked]),
                "tasks": uuids([probe.task_id for _, probe in asked]),
                "attempts": uuids([probe.attempt_id for _, probe in asked]),
                "me": incarnation,
            },
        )
        free = (probe.task_id for probe in probes if not probe.breakers)
        return frozenset(row[0] for row in rows) | frozenset(free)

    async def give_back(self) -> int:
        """Drop the permits of attempts that are over; say how many."""
        row = await self._reader.row("give_back_permits", {"channel": self.channel})
        return int(row[0]) if row else 0


def _breaker(row: Row) -> Breaker:
    known_id, name, version, state, until, allowed, since, by, why = row
    return Breaker(
        id=known_id,
        name=name,
        version=version,
        state=State(state),
        until=until,
        allowed=allowed,
        since=since,
        by=by,
        why=why,
    )
