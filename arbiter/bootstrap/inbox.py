"""Submitting inside a caller's own transaction: it takes effect when, and only when, that one commits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from arbiter.application.answers import Submitted
from arbiter.application.orchestrator import Orchestrator, repeated
from arbiter.application.ports import Entry, words_of
from arbiter.domain.commands import Submit
from arbiter.domain.facts import Fact, decode, encode
from arbiter.infrastructure.postgres import callers
from arbiter.infrastructure.postgres.callers import must_be_in_a_transaction
from arbiter.infrastructure.postgres.sql import load


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
            known = callers.rows(connection, *self._known(made))
            if known:
                return repeated(command, made.task_id, _facts(known))
        callers.rows(connection, *self._leave(made))
        return submitted

    async def asubmit(self, command: Submit, connection: Any) -> Submitted:
        """Leave a submission in the transaction of an async psycopg connection."""
        must_be_in_a_transaction(connection)
        made, submitted = self._orchestrator.decide_submission(command)
        if command.idempotency_key is not None:
            known = await callers.arows(connection, *self._known(made))
            if known:
                return repeated(command, made.task_id, _facts(known))
        await callers.arows(connection, *self._leave(made))
        return submitted

    def _known(self, made: Entry) -> tuple[bytes, dict[str, Any]]:
        return load("select_submission", self._schema), {"task_id": made.task_id}

    def _leave(self, made: Entry) -> tuple[bytes, dict[str, Any]]:
        assert made.row is not None, "a submission that is not rejected is live"
        row = msgspec.to_builtins(made.row)
        row["waiting"] = row["status"] == "queued" and not row["due"]
        words = words_of([made])
        return load("insert_inbox", self._schema), {
            "task_id": made.task_id,
            "topics": [fact.topic for fact in made.facts],
            "states": [encode(fact) for fact in made.facts],
            "ready": msgspec.json.encode(row).decode(),
            "word": next((word for word in ("ready", "later") if word in words), "log"),
        }


def _facts(rows: Sequence[tuple[str, bytes]]) -> list[Fact]:
    return [decode(topic, bytes(state)) for topic, state in rows]


__all__ = ["Inbox", "must_be_in_a_transaction"]
