"""How the server really ran a statement: the plan of that very run, with what each step has seen."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from arbiter.infrastructure.postgres.connections import Connections


@dataclass(frozen=True)
class Step:
    """One node of a plan; its numbers are over all of its loops."""

    kind: str
    relation: str
    index: str
    seen: float
    """Rows it looked at, those it left out included."""


class Plan:
    """What ran, step by step."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.steps = list(_steps(told["Plan"]))
        self.text = json.dumps(told, indent=1)

    def scans(self, relation: str, kind: str = "") -> list[Step]:
        return [s for s in self.steps if s.relation == relation and s.kind.startswith(kind)]

    def seen_by(self, index: str) -> float:
        return sum(step.seen for step in self.steps if step.index == index)

    @property
    def most_seen(self) -> float:
        """Rows the busiest scan looked at."""
        return max(step.seen for step in self.steps if step.relation or step.index)


def _steps(node: dict[str, Any]) -> Iterator[Step]:
    left_out = sum(value for name, value in node.items() if name.startswith("Rows Removed by"))
    yield Step(
        kind=node["Node Type"],
        relation=node.get("Relation Name", ""),
        index=node.get("Index Name", ""),
        seen=(node["Actual Rows"] + left_out) * node["Actual Loops"],
    )
    for child in node.get("Plans", ()):
        yield from _steps(child)


class Explained:
    """Runs statements of ours as Arbiter does, on a connection like Arbiter's, and keeps their plans."""

    def __init__(self, connection: Any, connections: Connections) -> None:
        self._connection, self._connections = connection, connections
        self._told: list[str] = []
        connection.add_notice_handler(lambda notice: self._told.append(notice.message_primary))

    async def run(self, name: str, params: Any) -> Plan:
        """Run a statement, undo it, and return its plan."""
        self._told.clear()
        async with self._connection.transaction(force_rollback=True):
            await self._connections.execute(self._connection, name, params)
        [told] = [told for told in self._told if "plan:" in told]
        return Plan(json.loads(told.split("plan:\n", 1)[1]))


@asynccontextmanager
async def explaining(dsn: str) -> AsyncIterator[Explained]:
    """Have the server tell its plans; skips the test where it cannot."""
    connections = Connections(dsn, "arbiter")
    connection = await connections.open()
    try:
        await connection.execute("LOAD 'auto_explain'")
    except psycopg.Error as error:
        await connection.close()
        pytest.skip(f"the server cannot explain its plans: {error}")
    for name, value in {
        "auto_explain.log_min_duration": "0",
        "auto_explain.log_analyze": "on",
        "auto_explain.log_timing": "off",
        "auto_explain.log_format": "json",
        "client_min_messages": "log",
    }.items():
        await connection.execute("SELECT set_config(%s, %s, false)", (name, value))
    try:
        yield Explained(connection, connections)
    finally:
        await connection.close()
