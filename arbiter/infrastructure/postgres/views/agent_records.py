"""Records of agents on PostgreSQL: a row per agent and kind."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from arbiter.application.ports import Learnt
from arbiter.domain.record import NO_RECORD, Record
from arbiter.infrastructure.postgres.arrays import floats, integers, texts
from arbiter.infrastructure.postgres.connections import Reader, Row
from arbiter.infrastructure.postgres.views.writer import Writer
from arbiter.projections.agent_records import (
    AgentRecords,
    AgentRecordsChange,
    Whose,
    learnt,
)

COUNTS = ("routed", "completed", "failed", "timed", "latency_us", "rated", "quality_e9", "priced")
FOLLOWED = ("wins", "losses", "good", "bad")


class PostgresAgentRecords:
    """Takes lessons: what is followed outcome by outcome goes on from the row that stands."""

    def __init__(self, writer: Writer) -> None:
        """Write within one transaction."""
        self._writer = writer

    async def apply(self, change: AgentRecordsChange) -> None:
        """Let each record learn."""
        if not change.lessons:
            return
        stood = await self._standing(change.lessons)
        await self._writer.run(
            "upsert_agent_records",
            _columns(
                {
                    whose: learnt(stood.get(whose, NO_RECORD), lessons)
                    for whose, lessons in change.lessons.items()
                }
            ),
        )
        if change.decisions:
            await self._writer.run(
                "add_to_decisions",
                {
                    "kind": texts(list(change.decisions)),
                    "decisions": integers(list(change.decisions.values())),
                },
            )

    async def _standing(self, wanted: Collection[Whose]) -> Mapping[Whose, Record]:
        rows = await self._writer.rows("select_agent_records", _whose(wanted))
        return {Whose(*row[:2]): _record(row[2:]) for row in rows}


class PostgresRecords:
    """What outcomes told of agents."""

    def __init__(self, reader: Reader) -> None:
        """Read through the pool."""
        self._reader = reader

    async def of(self, agents: Collection[str], *, after: int = 0) -> Learnt:
        """Return these agents' records; behind a position, only what is new since it was read."""
        rows = await self._reader.rows(
            "read_records",
            {"projection": AgentRecords.name, "agents": texts(list(agents)), "after": after},
        )
        position = 0
        records: dict[tuple[str, str], Record] = {}
        decisions: dict[str, int] = {}
        for agent, kind, *row in rows:
            if agent is not None:
                records[agent, kind] = _record(row)
            elif kind is not None:
                decisions[kind] = row[0]
            else:
                position = row[-1]
        return Learnt(position=position, records=records, decisions=decisions)


def _whose(wanted: Collection[Whose]) -> dict[str, Any]:
    return {
        "agent": texts([whose.agent for whose in wanted]),
        "kind": texts([whose.kind for whose in wanted]),
    }


def _columns(records: Mapping[Whose, Record]) -> dict[str, Any]:
    told = list(records.values())
    return {
        **_whose(records),
        **{name: integers([getattr(record, name) for record in told]) for name in COUNTS},
        "cost_e9": texts([str(record.cost_e9) for record in told]),
        **{name: floats([getattr(record, name) for record in told]) for name in FOLLOWED},
        "position": integers([record.position for record in told]),
    }


def _record(row: Row | list[Any]) -> Record:
    values = dict(zip(Record.__struct_fields__, row, strict=True))
    values["cost_e9"] = int(values["cost_e9"])
    return Record(**values)
