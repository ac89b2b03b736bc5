"""Rows of the views as what readers are told: every store answers in the same words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from arbiter.application.views import (
    AuditLine,
    FailureTotals,
    Percentiles,
    ProjectionState,
    QueueDepth,
    Stats,
    TaskFilter,
    TaskPage,
    TaskSummary,
)
from arbiter.domain.errors import InvalidInput
from arbiter.domain.facts import Fact
from arbiter.domain.failures import Watch
from arbiter.domain.status import Status
from arbiter.projections.audit_trail import AuditEntry
from arbiter.projections.catalogue import PROJECTIONS
from arbiter.projections.latency import ERROR, percentile
from arbiter.projections.ledger import Tracked
from arbiter.projections.queue_depth import QUEUED, Place
from arbiter.projections.sentences import cause, sentence
from arbiter.projections.stats import Measure, Minute
from arbiter.projections.task_line import TaskLine

MOST_AT_A_TIME = 1_000
ALL_STATUSES = tuple(status.value for status in Status)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONG_AGO = datetime.min.replace(tzinfo=UTC)
FOREVER = datetime.max.replace(tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)


class Cursor(NamedTuple):
    """The task behind which, from new to old, a page begins."""

    submitted_at: datetime
    task_id: UUID


NEWEST = Cursor(FOREVER, UUID(int=2**128 - 1))


def cursor_of(token: str | None) -> Cursor:
    """Read a page's `next`."""
    if token is None:
        return NEWEST
    moment, _, task_id = token.partition("-")
    try:
        return Cursor(EPOCH + int(moment) * MICROSECOND, UUID(hex=task_id))
    except (ValueError, OverflowError):
        raise InvalidInput("after", f"{token!r} is no cursor", "take a page's `next`") from None


def page_of(lines: Sequence[TaskLine], limit: int) -> TaskPage:
    """Make a page of up to `limit` lines; one line more tells that there is another page."""
    shown = lines[:limit]
    following = None
    if len(lines) > limit:
        last = shown[-1]
        following = f"{(last.submitted_at - EPOCH) // MICROSECOND}-{last.task_id.hex}"
    return TaskPage([summary_of(line) for line in shown], following)


def summary_of(line: TaskLine) -> TaskSummary:
    """Tell a task's line."""
    return TaskSummary(
        task_id=line.task_id,
        status=line.status,
        kind=line.kind,
        queue=line.queue,
        tenant=line.tenant,
        priority=line.priority,
        run=line.run,
        attempts=line.attempts,
        losses=line.losses,
        agent=line.agent,
        submitted_at=line.submitted_at,
        not_before=line.offered_from,
        started_at=line.started_at,
        ended_at=line.ended_at,
        updated_at=line.updated_at,
        latency_ms=None if line.latency_us is None else line.latency_us / 1000,
        error_type=line.error_type,
        error_message=line.error_message,
        reason=line.reason,
        version=line.version,
        position=line.position,
    )


def statuses_of(wanted: TaskFilter) -> list[str]:
    """Return the statuses worth looking at; an unknown one is refused."""
    unknown = sorted(wanted.statuses - set(ALL_STATUSES))
    if unknown:
        raise InvalidInput("status", f"{unknown[0]!r} is none", f"one of {', '.join(ALL_STATUSES)}")
    asked = wanted.statuses or ALL_STATUSES
    # A completed task's line has no error: no need to look among the many completed ones.
    without_error = {Status.COMPLETED} if wanted.error is not None else set()
    return [status for status in ALL_STATUSES if status in asked and status not in without_error]


def limit_of(limit: int) -> int:
    """Check how much is asked for at a time."""
    if not 1 <= limit <= MOST_AT_A_TIME:
        raise InvalidInput("limit", f"{limit} is out of range", f"give 1 to {MOST_AT_A_TIME}")
    return limit


def depths_of(counts: Iterable[tuple[Place, int]], now: datetime) -> dict[str, QueueDepth]:
    """Add up the places of each queue."""
    depths: dict[str, QueueDepth] = {}
    places = sorted(counts)
    for queue in dict.fromkeys(place.queue for place, _ in places):
        here = [(place, tasks) for place, tasks in places if place.queue == queue and tasks]
        depths[queue] = QueueDepth(
            queue=queue,
            statuses=_add_up((place.status, tasks) for place, tasks in here),
            kinds=_by_status((place.kind, place.status, tasks) for place, tasks in here),
            tenants=_by_status((place.tenant, place.status, tasks) for place, tasks in here),
            delayed=sum(
                tasks for place, tasks in here if place.status == QUEUED and place.from_minute > now
            ),
        )
    return depths


def no_depth(queue: str) -> QueueDepth:
    """Tell the depth of a queue that holds nothing."""
    return QueueDepth(queue=queue, statuses={}, kinds={}, tenants={}, delayed=0)


def _by_status(counts: Iterable[tuple[str, str, int]]) -> dict[str, dict[str, int]]:
    found: dict[str, list[tuple[str, int]]] = {}
    for name, status, tasks in counts:
        found.setdefault(name, []).append((status, tasks))
    return {name: _add_up(here) for name, here in found.items()}


def _add_up(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name, more in counts:
        sums[name] = sums.get(name, 0) + more
    return {name: total for name, total in sums.items() if total}


def window_begins(window_minutes: int | None, now: datetime) -> datetime:
    """Return the first minute of a window that ends with the minute of `now`."""
    if window_minutes is None:
        return LONG_AGO
    if window_minutes < 1:
        raise InvalidInput("window_minutes", f"{window_minutes} is too few", "give 1 or more")
    return now.replace(second=0, microsecond=0) - (window_minutes - 1) * MINUTE


def stats_of(
    sums: Minute,
    begins: datetime | None,
    spans: Mapping[str, Mapping[int, int]],
    *,
    statuses: Mapping[str, int],
    window_minutes: int | None,
    now: datetime,
) -> Stats:
    """Tell the sums of a window; `begins` is its first minute with a fact."""
    minutes = max(1.0, (now - begins) / MINUTE) if begins is not None else 1.0
    return Stats(
        window_minutes=window_minutes,
        statuses=statuses,
        facts=sums.facts,
        submitted=sums.submitted,
        attempts=sums.started,
        completed=sums.completed,
        failed=sums.failed,
        cancelled=sums.cancelled,
        rejected=sums.rejected,
        retries=sums.retries,
        worker_lost=sums.worker_lost,
        rescued=sums.rescued,
        throughput_per_minute=sums.completed / minutes,
        latency_ms=_percentiles(spans.get(Measure.SUBMIT_TO_COMPLETE, {})),
        attempt_ms=_percentiles(spans.get(Measure.ATTEMPT, {})),
        schedule_to_start_ms=_percentiles(spans.get(Measure.SCHEDULE_TO_START, {})),
    )


def _percentiles(spans: Mapping[int, int]) -> Percentiles:
    p50, p95, p99 = (percentile(share, spans) for share in (0.50, 0.95, 0.99))
    return Percentiles(count=sum(spans.values()), p50=p50, p95=p95, p99=p99, error=ERROR)


def audit_line(entry: AuditEntry, fact: Fact) -> AuditLine:
    """Tell a fact as a sentence."""
    return AuditLine(
        position=entry.position,
        at=entry.at,
        actor=entry.actor,
        sentence=sentence(fact),
        cause=cause(fact),
        topic=entry.topic,
        stream_id=entry.stream_id,
        version=fact.version,
    )


def states_of(tracked: Mapping[str, Tracked], last_position: int) -> list[ProjectionState]:
    """Tell how far each projection of the catalogue has come."""
    states = []
    for projection in PROJECTIONS:
        stands = tracked.get(projection.name, Tracked(projection.name))
        states.append(
            ProjectionState(
                name=stands.name,
                position=stands.position,
                behind=max(0, last_position - stands.position),
                error=stands.error,
                error_position=stands.error_position,
            )
        )
    return states


def last_of(watch: Watch) -> datetime:
    """Tell when a pattern was last heard of."""
    return watch.last or watch.alerted_at or LONG_AGO


def totals_of(
    rows: Iterable[tuple[str | None, str | None, str | None, int]],
) -> FailureTotals:
    """Sort sums by agent, by kind and by type, one of which each row names."""
    agents: dict[str, int] = {}
    kinds: dict[str, int] = {}
    types: dict[str, int] = {}
    for agent, kind, of_type, failures in sorted(rows, key=_most_first):
        if agent is not None:
            agents[agent] = failures
        elif kind is not None:
            kinds[kind] = failures
        elif of_type is not None:
            types[of_type] = failures
    return FailureTotals(agents=agents, kinds=kinds, types=types)


def _most_first(row: tuple[str | None, str | None, str | None, int]) -> tuple[int, str]:
    return -row[3], "".join(name or "" for name in row[:3])
