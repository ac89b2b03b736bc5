"""Callers with tables and transactions of their own, who submit within them."""

from __future__ import annotations

from uuid import UUID

from tests.support.server import asked

KIND = "send-letter"


def submitting(arbiter, connection, payload=None, **options):
    options = {"any_kind": True} | options
    return arbiter.submit(KIND, payload, connection=connection, **options)


async def tasks_in(database) -> list[UUID]:
    rows = await asked(database.dsn, "SELECT task_id FROM arbiter.ready_tasks ORDER BY 1")
    facts = await asked(database.dsn, "SELECT DISTINCT originator_id FROM arbiter.facts ORDER BY 1")
    assert rows == facts, "every task here has facts and a row"
    return [task_id for (task_id,) in rows]


async def nothing_is_left_in_the_inbox(database) -> None:
    assert await asked(database.dsn, "SELECT task_id FROM arbiter.inbox") == []
