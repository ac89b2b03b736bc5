"""Submitting inside a caller's own transaction: it takes effect when, and only when, that one commits."""

from __future__ import annotations

from typing import Any

import msgspec

from arbiter.application.answers import Submitted
from arbiter.application.orchestrator import Orchestrator, repeated
from arbiter.application.ports import Entry, words_of
from arbiter.domain.commands import Submit
from arbiter.domain.errors import InvalidInput
from arbiter.domain.facts import decode, encode
from arbiter.infrastructure.postgres.sql import load

IDLE = 0
"""libpq's transaction status outside any transaction."""

ADVICE = "open one around it: with connection.transaction(): … submit(…, connection=connection)"


class Inbox:
    """Writes a decided submission on a connection that is not ours."""

    def __init__(self, orchestrator: Orchestrator, schema: str) -> None:
        """The caller's connection knows nothing of our schema: every statement names it."""
        self._orchestrator, self._schema = orchestrator, schema

    def submit(self, command: Submit, connection: Any) -> Submitted:
        """Leave a submission in the transaction of a psycopg connection."""
        must_be_in_a_transaction(connection)
        made, submitted = self._orchestrator.decide_submission(command)
        if command.idempotency_key is not None:
            rows = connection.execute(*self._first(made)).fetchall()
            if rows:
                return repeated(command, made.task_id, _facts(rows))
        connection.execute(*self._leave(made))
        return submitted

    async def asubmit(self, command: Submit, connection: Any) -> Submitted:
        """Leave a submission in the transaction of an async psycopg connection."""
        must_be_in_a_transaction(connection)
        made, submitted = self._orchestrator.decide_submission(command)
        if command.idempotency_key is not None:
            cursor = await connection.execute(*self._first(made))
            rows = await cursor.fetchall()
            if rows:
                return repeated(command, made.task_id, _facts(rows))
        await connection.execute(*self._leave(made))
        return submitted

    def _first(self, made: Entry) -> tuple[bytes, dict[str, Any]]:
        return load("select_stream_plainly", self._schema), {"task_id": made.task_id}

    def _leave(self, made: Entry) -> tuple[bytes, dict[str, Any]]:
        assert made.row is not None, "a submission that is not rejected is live"
        row = msgspec.to_builtins(made.row)
        row["waiting"] = row["status"] == "queued" and not row["due"]
        return load("insert_inbox", self._schema), {
            "task_id": made.task_id,
            "topics": [fact.topic for fact in made.facts],
            "states": [encode(fact) for fact in made.facts],
            "ready": msgspec.json.encode(row).decode(),
            "word": next(iter(words_of([made]) - {"log"}), "log"),
        }


def must_be_in_a_transaction(connection: Any) -> None:
    """Refuse a connection on which a submission would commit by itself, or belong to nothing."""
    if not hasattr(connection, "info") or not hasattr(connection, "autocommit"):
        raise InvalidInput("connection", f"{connection!r} is not a psycopg connection", ADVICE)
    if connection.autocommit and connection.info.transaction_status == IDLE:
        raise InvalidInput(
            "connection", "it is in autocommit mode, outside any transaction", ADVICE
        )


def _facts(rows: Any) -> list[Any]:
    facts = []
    for row in rows:
        topic, state = tuple(row.values()) if isinstance(row, dict) else tuple(row)
        facts.append(decode(topic, bytes(state)))
    return facts
