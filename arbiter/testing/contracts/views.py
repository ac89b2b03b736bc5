"""What every store of views promises: the rows are the fold of the log, however it was cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

import pytest

from arbiter.application.ports import Log
from arbiter.application.views import (
    ANY_TASK,
    AuditLine,
    FailureFilter,
    TaskFilter,
    TaskSummary,
    Views,
)
from arbiter.domain import facts as f
from arbiter.domain.breaker import breaker_id
from arbiter.domain.errors import InvalidInput
from arbiter.domain.facts import Fact
from arbiter.domain.performance import DAY
from arbiter.domain.status import Status
from arbiter.infrastructure.memory.views import MemoryViews
from arbiter.projections.base import Batch
from arbiter.projections.catalogue import PROJECTIONS
from arbiter.projections.ledger import BehindItself, Ledger
from arbiter.projections.stats import Stats
from arbiter.projections.task_board import TaskBoard
from arbiter.runtime.projecting import Projecting
from arbiter.runtime.scheduler import AsyncioScheduler
from arbiter.testing.builders import LOST, NOON, TaskBuilder, a_task
from arbiter.testing.clock import FrozenClock
from arbiter.testing.random_log import AGENTS, KINDS, RandomLog

LATER = NOON + timedelta(days=365)
NAMES = tuple(projection.name for projection in PROJECTIONS)


class WrittenViews(Views, Protocol):
    """Views with the ledger they are written through."""

    @property
    def ledger(self) -> Ledger:
        """Where a projector writes."""
        ...


class Viewed:
    """A log, its views, and a projector that is driven by hand."""

    def __init__(self, log: Log, views: WrittenViews, clock: FrozenClock) -> None:
        """Nothing is written yet."""
        self.log, self.views, self.clock = log, views, clock

    async def append(self, *facts: Fact) -> None:
        """Let facts happen, without any ready row."""
        await self.log.append_facts(facts)

    async def tell(self, *lives: TaskBuilder, most: int = 1_000) -> None:
        """Let whole lives happen, and bring the views up to them."""
        for life in lives:
            await self.append(*life.facts)
        await self.project(most)

    async def project(self, most: int = 1_000) -> None:
        """Bring the views up to the log, so many facts at a time."""
        projecting = Projecting(
            PROJECTIONS,
            self.views.ledger,
            self.log,
            clock=self.clock,
            scheduler=AsyncioScheduler(),
        )
        while (await projecting.run_once(most)).facts:
            pass
        await projecting.close()

    async def rows(self) -> dict[str, Any]:
        """Return all there is to read."""
        return {
            "under way": dict(await self.views.task_board.under_way()),
            "depth": list(await self.views.queue_depth.all()),
            "board": await self.board(),
            "stats": await self.views.stats.read(window_minutes=None, now=LATER),
            "hour": await self.views.stats.read(window_minutes=60, now=NOON + timedelta(hours=2)),
            "audit": await self.audit(),
            "day": await self.views.agent_performance.read(DAY, at=NOON + timedelta(hours=12)),
            "points": await self.views.agent_performance.points(
                [(agent, kind) for agent in AGENTS for kind in KINDS], before=LATER
            ),
            "anomalies": await self.views.anomalies.all(),
            "records": await self.views.records.of(AGENTS),
            "breakers": list(await self.views.breakers.all()),
            "failures": list(await self.views.failures.find(limit=1000)),
            "failures in total": await self.views.failures.totals(),
            "projections": await self.views.projections(),
        }

    async def board(self, wanted: TaskFilter = ANY_TASK, *, limit: int = 7) -> list[TaskSummary]:
        """Return all that is found, page by page."""
        found: list[TaskSummary] = []
        after = None
        while True:
            page = await self.views.task_board.find(wanted, after=after, limit=limit)
            assert len(page.tasks) <= limit
            found.extend(page.tasks)
            after = page.next
            if after is None:
                return found

    async def audit(self, **which: Any) -> list[AuditLine]:
        """Return the whole trail, page by page."""
        found: list[AuditLine] = []
        while page := await self.views.audit_trail.read(
            after=found[-1].position if found else 0, limit=50, **which
        ):
            found.extend(page)
        return found


class ViewsContract:
    """A suite: an adapter's tests subclass it and give `viewed`."""

    @pytest.fixture
    def viewed(self) -> Viewed:
        """Give an empty log with empty views, and a frozen clock."""
        raise NotImplementedError

    # ── View = fold(log) ────────────────────────────────────────────────────────────────────────

    @pytest.mark.parametrize("seed", range(3))
    async def test_the_board_tells_every_task_as_its_own_facts_do(
        self, viewed: Viewed, seed: int
    ) -> None:
        grown = RandomLog(seed)
        await viewed.append(*grown.grow(400))
        await viewed.project(most=61)
        board = {task.task_id: task for task in await viewed.board()}
        assert board.keys() == grown.tasks.keys()
        for task in grown.tasks.values():
            line = board[task.id]
            assert line.status == task.status
            assert (line.version, line.run, line.attempts) == (task.version, task.run, task.attempt)
            assert (line.priority, line.ended_at) == (task.priority, task.ended_at)
            assert line.error_type == (task.error.type if task.error else None)

    @pytest.mark.parametrize("seed", range(3))
    async def test_depths_count_the_tasks(self, viewed: Viewed, seed: int) -> None:
        grown = RandomLog(seed)
        await viewed.append(*grown.grow(400))
        await viewed.project(most=17)
        counted = Counter((task.queue, task.status.value) for task in grown.tasks.values())
        told = {
            (depth.queue, status): tasks
            for depth in await viewed.views.queue_depth.all()
            for status, tasks in depth.statuses.items()
        }
        assert told == counted
        statuses = (await viewed.views.stats.read()).statuses
        assert statuses == Counter(task.status.value for task in grown.tasks.values())

    async def test_statistics_count_the_facts(self, viewed: Viewed) -> None:
        facts = RandomLog(7).grow(1_000)
        await viewed.append(*facts)
        await viewed.project(most=50)
        told = await viewed.views.stats.read(window_minutes=None, now=LATER)
        counted = Counter(type(fact) for fact in facts)
        assert told.facts == len(facts)
        assert told.submitted == counted[f.TaskSubmitted]
        assert told.attempts == counted[f.TaskStarted] == told.schedule_to_start_ms.count
        assert told.completed == counted[f.TaskCompleted] == told.latency_ms.count
        assert told.failed == counted[f.TaskFailed]
        assert told.retries == counted[f.TaskAttemptFailed]
        assert told.cancelled == counted[f.TaskCancelled]
        assert told.rejected == counted[f.TaskRejected]
        assert told.worker_lost == sum(map(_is_loss, facts))
        lost = {fact.stream_id for fact in facts if _is_loss(fact)}
        rescued = [fact for fact in facts if isinstance(fact, f.TaskCompleted)]
        assert told.rescued == sum(fact.stream_id in lost for fact in rescued) > 0

    async def test_the_audit_trail_has_every_fact_in_order(self, viewed: Viewed) -> None:
        facts = RandomLog(8).grow(200)
        await viewed.append(*facts)
        await viewed.project(most=33)
        told = await viewed.audit()
        assert [(line.topic, line.stream_id, line.version, line.at) for line in told] == [
            (fact.topic, fact.stream_id, fact.version, fact.at) for fact in facts
        ]

    @pytest.mark.parametrize("most", [1, 2, 13, 1000])
    async def test_a_batch_may_end_anywhere(self, viewed: Viewed, most: int) -> None:
        facts = RandomLog(most).grow(100)
        await viewed.append(*facts)
        await viewed.project(most)
        at_once = Viewed(viewed.log, MemoryViews(viewed.log, viewed.clock), viewed.clock)
        await at_once.project(most=10_000)
        assert await viewed.rows() == await at_once.rows()

    async def test_a_log_that_grows_is_followed(self, viewed: Viewed) -> None:
        grown = RandomLog(5)
        for _ in range(5):
            await viewed.append(*grown.grow(30))
            await viewed.project(most=11)
        at_once = Viewed(viewed.log, MemoryViews(viewed.log, viewed.clock), viewed.clock)
        await at_once.project(most=10_000)
        assert await viewed.rows() == await at_once.rows()

    # ── All or nothing, once, by one ────────────────────────────────────────────────────────────

    async def test_a_batch_that_comes_again_changes_nothing(self, viewed: Viewed) -> None:
        await viewed.tell(a_task().completed(), a_task(task_id=uuid4()).failed())
        rows = await viewed.rows()
        again = Batch(await viewed.log.read(0, 1000), {})
        for projection in PROJECTIONS:
            with pytest.raises(BehindItself):
                async with viewed.views.ledger.lead(NAMES) as writing:
                    changes = {projection.name: projection.fold(again)}
                    await writing.write(changes, again.last_position)
        assert await viewed.rows() == rows

    async def test_what_a_leader_did_not_finish_never_was(self, viewed: Viewed) -> None:
        await viewed.tell(a_task().queued())
        rows = await viewed.rows()
        await viewed.append(*a_task(task_id=uuid4()).completed().facts)
        batch = Batch(await viewed.log.read(rows["projections"][0].position, 1000), {})
        with pytest.raises(ZeroDivisionError):
            async with viewed.views.ledger.lead(NAMES) as writing:
                changes = {projection.name: projection.fold(batch) for projection in PROJECTIONS}
                await writing.write(changes, batch.last_position)
                raise ZeroDivisionError
        assert (await viewed.board())[0].status == Status.QUEUED
        assert len(await viewed.audit()) == 2
        await viewed.project()
        assert len(await viewed.board()) == 2

    async def test_one_leads_and_the_others_find_nothing_to_do(self, viewed: Viewed) -> None:
        ledger = viewed.views.ledger
        async with ledger.lead(NAMES) as mine:
            assert set(mine.tracked) == set(NAMES)
            async with ledger.lead(NAMES) as theirs:
                assert dict(theirs.tracked) == {}
        async with ledger.lead(NAMES) as again:
            assert set(again.tracked) == set(NAMES)

    async def test_projections_are_led_one_by_one(self, viewed: Viewed) -> None:
        ledger = viewed.views.ledger
        async with ledger.lead([Stats.name]), ledger.lead(NAMES) as rest:
            assert set(rest.tracked) == set(NAMES) - {Stats.name}

    async def test_a_stopped_projection_says_where_and_why_until_it_is_retried(
        self, viewed: Viewed
    ) -> None:
        await viewed.tell(a_task().completed())
        ledger = viewed.views.ledger
        assert not await ledger.retry(Stats.name)
        async with ledger.lead(NAMES) as writing:
            await writing.stop(Stats.name, 7, "KeyError: 'x'", NOON)
        stopped = {state.name: state for state in await viewed.views.projections()}[Stats.name]
        assert (stopped.error, stopped.error_position) == ("KeyError: 'x'", 7)
        assert stopped.position == (await ledger.tracked())[TaskBoard.name].position
        assert await ledger.retry(Stats.name)
        assert (await ledger.tracked())[Stats.name].error is None

    async def test_the_lag_is_what_the_log_has_more(self, viewed: Viewed) -> None:
        assert await viewed.views.lag() == dict.fromkeys(NAMES, 0)
        life = a_task().completed()
        await viewed.append(*life.facts)
        lag = await viewed.views.lag()
        assert min(lag.values()) >= len(life.facts)
        await viewed.project()
        assert await viewed.views.lag() == dict.fromkeys(NAMES, 0)

    # ── Asking ──────────────────────────────────────────────────────────────────────────────────

    async def test_a_queue_nobody_used_is_empty(self, viewed: Viewed) -> None:
        depth = await viewed.views.queue_depth.of("nobody's")
        assert (depth.queue, depth.statuses, depth.delayed) == ("nobody's", {}, 0)

    async def test_depths_are_told_by_kind_and_tenant(self, viewed: Viewed) -> None:
        await viewed.tell(
            *(a_task(task_id=uuid4(), kind="review", tenant="a").queued() for _ in range(3)),
            a_task(task_id=uuid4(), kind="merge", tenant="b").running(),
        )
        depth = await viewed.views.queue_depth.of("default")
        assert depth.statuses == {"queued": 3, "running": 1}
        assert depth.kinds == {"review": {"queued": 3}, "merge": {"running": 1}}
        assert depth.tenants == {"a": {"queued": 3}, "b": {"running": 1}}

    async def test_a_delayed_task_is_ready_once_its_minute_has_come(self, viewed: Viewed) -> None:
        now = viewed.clock.now()
        later = now + timedelta(minutes=10, seconds=30)
        await viewed.tell(
            a_task(at=now, task_id=uuid4()).queued(),
            a_task(at=now, task_id=uuid4(), not_before=later).queued(),
            a_task(at=now, task_id=uuid4(), not_before=now + timedelta(seconds=1)).queued(),
        )
        depth = await viewed.views.queue_depth.of("default")
        assert (depth.queued, depth.delayed, depth.ready) == (3, 1, 2)
        viewed.clock.advance(600)
        depth = await viewed.views.queue_depth.of("default")
        assert (depth.queued, depth.delayed, depth.ready) == (3, 0, 3)

    async def test_tasks_are_found_by_all_that_is_asked(self, viewed: Viewed) -> None:
        grown = RandomLog(12)
        await viewed.append(*grown.grow(500))
        await viewed.project()
        every = await viewed.board()
        middle = every[len(every) // 2].submitted_at
        for wanted, meets in (
            (TaskFilter(statuses=frozenset({"queued"})), lambda t: t.status == "queued"),
            (
                TaskFilter(statuses=frozenset({"failed", "completed"})),
                lambda t: t.status in {"failed", "completed"},
            ),
            (TaskFilter(kind="summary"), lambda t: t.kind == "summary"),
            (TaskFilter(queue="slow"), lambda t: t.queue == "slow"),
            (TaskFilter(agent="radon"), lambda t: t.agent == "radon"),
            (TaskFilter(tenant="Ärzte"), lambda t: t.tenant == "Ärzte"),
            (TaskFilter(error="ValueError"), lambda t: t.error_type == "ValueError"),
            (TaskFilter(lost=True), lambda t: t.losses > 0),
            (TaskFilter(lost=False), lambda t: t.losses == 0),
            (TaskFilter(submitted_from=middle), lambda t: t.submitted_at >= middle),
            (TaskFilter(submitted_before=middle), lambda t: t.submitted_at < middle),
            (TaskFilter(text="NO SUCH"), lambda t: "no such" in (t.error_message or "")),
            (TaskFilter(text=str(every[0].task_id)[5:20]), lambda t: t is every[0]),
            (
                TaskFilter(kind="summary", queue="slow", lost=False),
                lambda t: (t.kind, t.queue, t.losses) == ("summary", "slow", 0),
            ),
        ):
            expected = [task for task in every if meets(task)]
            assert expected, f"the log has nothing for {wanted}"
            assert await viewed.board(wanted, limit=3) == expected, wanted

    async def test_tasks_of_one_moment_are_all_listed_once(self, viewed: Viewed) -> None:
        await viewed.tell(*(a_task(task_id=uuid4()).queued() for _ in range(20)))
        listed = [task.task_id for task in await viewed.board(limit=3)]
        assert len(set(listed)) == len(listed) == 20
        assert listed == sorted(listed, reverse=True)

    async def test_a_task_is_told_by_its_id(self, viewed: Viewed) -> None:
        life = a_task().retrying()
        await viewed.tell(life)
        told = await viewed.views.task_board.get(life.task.id)
        assert told is not None
        assert (told.status, told.error_type, told.attempts) == ("queued", "ValueError", 1)
        assert told.not_before == life.task.not_before
        assert await viewed.views.task_board.get(uuid4()) is None

    async def test_the_board_counts_what_each_agent_has(self, viewed: Viewed) -> None:
        lives = [
            a_task(task_id=uuid4()).running(),
            a_task(task_id=uuid4()).queued().routed_to("ruff"),
            a_task(task_id=uuid4()).queued().routed_to("bandit"),
            a_task(task_id=uuid4()).completed(),
            a_task(task_id=uuid4()).retrying(),
            a_task(task_id=uuid4()).queued(),
        ]
        await viewed.tell(*lives)
        assert await viewed.views.task_board.under_way() == {"ruff": 2, "bandit": 1}

    async def test_nonsense_is_refused(self, viewed: Viewed) -> None:
        board, trail = viewed.views.task_board, viewed.views.audit_trail
        for token in ("", "x", "12", "12-zz", f"{10**30}-{UUID(int=1).hex}"):
            with pytest.raises(InvalidInput, match="after"):
                await board.find(after=token)
        for limit in (0, -1, 1001):
            with pytest.raises(InvalidInput, match="limit"):
                await board.find(limit=limit)
            with pytest.raises(InvalidInput, match="limit"):
                await trail.read(limit=limit)
        with pytest.raises(InvalidInput, match="status"):
            await board.find(TaskFilter(statuses=frozenset({"done"})))
        with pytest.raises(InvalidInput, match="window_minutes"):
            await viewed.views.stats.read(window_minutes=0)

    async def test_statistics_keep_to_their_window(self, viewed: Viewed) -> None:
        now = viewed.clock.now()
        old = a_task(at=now - timedelta(hours=3)).completed()
        new = a_task(at=now - timedelta(minutes=3), task_id=uuid4()).running().later(30).completed()
        await viewed.tell(old, new)
        hour = await viewed.views.stats.read()
        assert (hour.submitted, hour.completed, hour.attempts) == (1, 1, 1)
        assert hour.statuses == {"completed": 2}
        assert hour.throughput_per_minute == pytest.approx(1 / 3)
        assert hour.latency_ms.p50 == pytest.approx(30_000, rel=hour.latency_ms.error)
        assert hour.attempt_ms.p99 == pytest.approx(30_000, rel=hour.attempt_ms.error)
        assert (await viewed.views.stats.read(window_minutes=None)).completed == 2
        assert (await viewed.views.stats.read(window_minutes=1)).completed == 0
        then = now - timedelta(hours=3)
        assert (await viewed.views.stats.read(window_minutes=1, now=then)).completed == 1

    async def test_breakers_count_what_failed_in_a_row(self, viewed: Viewed) -> None:
        await viewed.tell(*(a_task(task_id=uuid4()).retrying() for _ in range(3)), most=4)
        (breaker,) = await viewed.views.breakers.to_watch()
        assert (breaker.name, len(breaker.failures)) == ("ruff", 3)
        await viewed.tell(a_task(task_id=uuid4()).completed())
        assert list(await viewed.views.breakers.to_watch()) == []
        assert list(await viewed.views.breakers.all()) == []

    async def test_breakers_count_probes_while_they_are_half_open(self, viewed: Viewed) -> None:
        its: dict[str, Any] = {"breaker_id": breaker_id("ruff"), "agent": "ruff", "at": NOON}
        await viewed.append(
            f.BreakerOpened(**its, version=1, until=NOON),
            f.BreakerHalfOpened(**its, version=2, probes=2),
        )
        done, under_way = a_task(task_id=uuid4()).completed(), a_task(task_id=uuid4()).running()
        await viewed.tell(done, under_way, most=3)
        (breaker,) = await viewed.views.breakers.to_watch()
        assert (breaker.state, breaker.version, breaker.allowed) == ("half_open", 2, 2)
        assert (breaker.successes, breaker.probes) == (1, frozenset({under_way.task.id}))

    async def test_failures_are_found_by_all_that_is_asked(self, viewed: Viewed) -> None:
        grown = RandomLog(3)
        await viewed.append(*grown.grow(600))
        await viewed.project(most=41)
        finder = viewed.views.failures
        every = list(await finder.find(limit=1000))
        assert sum(watch.seen for watch in every) == sum(
            isinstance(fact, f.TaskAttemptFailed | f.TaskFailed) for fact in grown.facts
        )
        assert [watch.last for watch in every] == sorted(
            (watch.last for watch in every if watch.last), reverse=True
        )
        assert every[0].last is not None
        for wanted in (
            FailureFilter(agent="ruff"),
            FailureFilter(kind="timeout"),
            FailureFilter(type="ValueError"),
            FailureFilter(since=every[0].last - timedelta(minutes=5)),
            FailureFilter(least=3),
            FailureFilter(agent="radon", kind="worker_lost"),
            FailureFilter(alerted_before=NOON),
        ):
            found = list(await finder.find(wanted, limit=1000))
            assert found == [watch for watch in every if wanted.holds(watch)]
            assert found, f"the log has nothing for {wanted}"
        assert list(await finder.find(limit=2)) == every[:2]
        assert await finder.get(every[1].pattern.fingerprint) == every[1]
        assert await finder.get("nobody's") is None

    async def test_failures_are_counted_by_agent_kind_and_type(self, viewed: Viewed) -> None:
        assert (await viewed.views.failures.totals()).agents == {}
        await viewed.tell(
            *(a_task(task_id=uuid4()).retrying() for _ in range(3)),
            a_task(task_id=uuid4()).retrying(LOST),
        )
        totals = await viewed.views.failures.totals()
        assert totals.agents == {"ruff": 4}
        assert list(totals.kinds.items()) == [("exception", 3), ("worker_lost", 1)]
        assert list(totals.types.items()) == [("ValueError", 3), ("WorkerLost", 1)]

    async def test_the_audit_trail_is_read_by_task_and_by_actor(self, viewed: Viewed) -> None:
        one = a_task(by="ann").routed_to("ruff").running().completed()
        other = a_task(task_id=uuid4(), by="bob").cancelled()
        await viewed.tell(one, other)
        assert _topics(await viewed.audit(task_id=other.task.id)) == [
            "task.submitted",
            "task.cancelled",
        ]
        assert _topics(await viewed.audit(actor="agent ruff")) == ["task.started", "task.completed"]
        both = await viewed.audit(task_id=one.task.id, actor="ann")
        assert _topics(both) == ["task.submitted"]
        assert both[0].sentence.startswith("A task of kind code-review was submitted")
        assert await viewed.audit(actor="nobody") == []


def _is_loss(fact: Fact) -> bool:
    error: f.Failure | None = getattr(fact, "error", None)
    return error is not None and error.kind == "worker_lost"


def _topics(lines: Sequence[AuditLine]) -> list[str]:
    return [line.topic for line in lines]
