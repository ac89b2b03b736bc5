"""Decisions as the columns their statements take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from arbiter.application.ports import Entry, Turn, words_of
from arbiter.application.ready_row import ReadyRow
from arbiter.domain.facts import Fact, TaskSubmitted, encode
from arbiter.infrastructure.postgres.arrays import (
    Packed,
    blobs,
    booleans,
    integers,
    moments,
    texts,
    uuids,
)

SEPARATOR = "\x1f"
"""Between the words of one text that stands for several: array columns of arrays do not exist."""


def fact_columns(facts: Sequence[Fact], encoded: Sequence[bytes]) -> dict[str, Packed]:
    """Return the four columns of the log."""
    return {
        "ids": uuids([fact.stream_id for fact in facts]),
        "versions": integers([fact.version for fact in facts]),
        "topics": texts([fact.topic for fact in facts]),
        "states": blobs(encoded),
    }


def decision_columns(entries: Sequence[Entry], channel: str) -> dict[str, Any]:
    """Return everything append_decisions takes."""
    facts = [fact for made in entries for fact in made.facts]
    known = [made for made in entries if made.was_live]
    return {
        **fact_columns(facts, [encode(fact) for fact in facts]),
        **row_columns([made.row for made in entries if made.row is not None]),
        "row_contested": booleans([_is_contested(made) for made in entries if made.row]),
        "known": uuids([made.task_id for made in known]),
        "expected": integers([made.expected for made in known]),
        "fresh": uuids([made.task_id for made in entries if not made.was_live]),
        "gone": uuids([made.task_id for made in entries if made.row is None and made.was_live]),
        "channel": channel,
        "words": sorted(words_of(entries)),
    }


def _is_contested(made: Entry) -> bool:
    """Tell whether another append may be placing the same task's row just now.

    A row that stands is locked already, and an id that was drawn for this submission is nobody else's.
    """
    if made.was_live:
        return False
    first = made.facts[0]
    return not isinstance(first, TaskSubmitted) or first.idempotency_key is not None


def row_columns(rows: Sequence[ReadyRow]) -> dict[str, Packed]:
    """Return the columns of ready rows."""
    return {
        "row_task_id": uuids([row.task_id for row in rows]),
        "row_version": integers([row.version for row in rows]),
        "row_status": texts([row.status for row in rows]),
        "row_kind": texts([row.kind for row in rows]),
        "row_queue": texts([row.queue for row in rows]),
        "row_tenant": texts([row.tenant for row in rows]),
        "row_priority": integers([row.priority for row in rows]),
        "row_submitted_at": moments([row.submitted_at for row in rows]),
        "row_not_before": moments([row.not_before for row in rows]),
        "row_due": booleans([row.due for row in rows]),
        "row_needs": texts([SEPARATOR.join(row.needs) for row in rows]),
        "row_run": integers([row.run for row in rows]),
        "row_attempt": integers([row.attempt for row in rows]),
        "row_attempt_id": uuids([row.attempt_id for row in rows]),
        "row_claimed_by": uuids([row.claimed_by for row in rows]),
        "row_payload_version": integers([row.payload_version for row in rows]),
        "row_checkpoint_version": integers([row.checkpoint_version for row in rows]),
        "row_due_at": moments([row.due_at for row in rows]),
        "row_stopping_by": uuids([row.stopping_by for row in rows]),
        "row_stopping_until": moments([row.stopping_until for row in rows]),
    }


def turn_columns(turn: Turn, channel: str) -> dict[str, Any]:
    """Return everything a turn takes."""
    begun = [made.task for made in turn.begun]
    first = [*turn.finished, *(made.facts[0] for made in turn.begun)]
    facts = [*turn.finished, *(fact for made in turn.begun for fact in made.facts)]
    return {
        **fact_columns(facts, [encode(fact) for fact in facts]),
        **_wanted_columns(turn),
        "me": turn.incarnation,
        "known": uuids([fact.task_id for fact in first]),
        "expected": integers([fact.version - 1 for fact in first]),
        "gone": uuids([fact.task_id for fact in turn.finished]),
        "begun": uuids([task.id for task in begun]),
        "begun_version": integers([task.version for task in begun]),
        "begun_attempt": integers([task.attempt for task in begun]),
        "begun_attempt_id": uuids([task.attempt_id for task in begun]),
        "begun_due_at": moments([task.deadline for task in begun]),
        "channel": channel,
    }


def _wanted_columns(turn: Turn) -> dict[str, Any]:
    return {
        "queues": texts([wanted.queue for wanted in turn.wanted]),
        "kinds": texts([wanted.kind for wanted in turn.wanted]),
        "abilities": texts([SEPARATOR.join(wanted.abilities) for wanted in turn.wanted]),
        "how_many": integers([wanted.how_many for wanted in turn.wanted]),
        "total": turn.total,
    }


def ids_column(ids: Sequence[UUID]) -> Packed:
    """Return a column of ids."""
    return uuids(ids)
