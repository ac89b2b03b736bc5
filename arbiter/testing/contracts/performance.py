"""What every keeper of how agents do promises: sums of the log, for any window and any way it was cut."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from arbiter.application.performance import ALL_KINDS
from arbiter.domain import anomalies as a
from arbiter.domain.facts import OutcomeRated
from arbiter.domain.performance import DAY, HOUR, NOW, WEEK
from arbiter.domain.rating import rate, result_of
from arbiter.domain.trends import Point
from arbiter.testing.builders import NOON, TaskBuilder, a_task, completed
from arbiter.testing.contracts.views import Viewed

KIND = a_task().task.kind
MINUTE = timedelta(minutes=1)


def done(minute: float, *, agent: str = "ruff", kind: str = KIND, took: float = 1.0) -> TaskBuilder:
    """A task that was completed some minutes after noon."""
    born = a_task(at=NOON + minute * MINUTE - timedelta(seconds=took), task_id=uuid4(), kind=kind)
    return born.routed_to(agent).running().later(took).completed()


class PerformanceContract:
    """A suite: an adapter's tests subclass it and give `viewed`."""

    @pytest.fixture
    def viewed(self) -> Viewed:
        """Give an empty log with empty views, and a frozen clock."""
        raise NotImplementedError

    async def test_nothing_is_told_of_nobody(self, viewed: Viewed) -> None:
        reader = viewed.views.agent_performance
        assert list(await reader.read(DAY, at=NOON)) == []
        assert await reader.points([("ruff", KIND)], before=NOON) == {}
        assert await reader.now(at=NOON) == {}

    async def test_windows_hold_what_ended_in_them(self, viewed: Viewed) -> None:
        await viewed.tell(*(done(minute) for minute in (-10_081, -1_441, -61, -6, -2, 0)))
        reader = viewed.views.agent_performance
        for window, attempts in ((NOW, 2), (HOUR, 3), (DAY, 4), (WEEK, 5)):
            (row,) = await reader.read(window, at=NOON)
            assert (row.agent, row.kind, row.attempts) == ("ruff", KIND, attempts), window.name
            assert row.confidence == window.confidence(attempts)
        (before,) = await reader.read(HOUR, at=NOON - 3 * MINUTE)
        assert before.attempts == 2

    async def test_a_row_tells_all_of_it(self, viewed: Viewed) -> None:
        life = a_task(at=NOON - MINUTE).routed_to("ruff").retrying().later(30)
        await viewed.tell(
            life.running().later(2).then(completed(quality=0.5, cost=1e12)),
            a_task(task_id=uuid4(), at=NOON).running().cancelled(),
            a_task(task_id=uuid4(), at=NOON).running().released(),
        )
        (row,) = await viewed.views.agent_performance.read(DAY, at=NOON)
        assert (row.attempts, row.completed, row.failed) == (2, 1, 1)
        assert (row.cancelled, row.excused) == (1, 1)
        assert (row.success_rate, row.quality, row.rated) == (0.5, 0.5, 1)
        assert (row.cost, row.priced) == (1e12, 1)
        assert row.latency_ms == pytest.approx(1000)
        assert row.p99_ms == pytest.approx(2000, rel=0.051)

    async def test_agents_and_kinds_are_told_apart_and_together(self, viewed: Viewed) -> None:
        await viewed.tell(
            *(done(0, took=1) for _ in range(3)),
            done(0, kind="summary", took=9),
            done(0, agent="radon"),
        )
        reader = viewed.views.agent_performance
        rows = await reader.read(HOUR, at=NOON)
        assert [(row.agent, row.kind, row.attempts) for row in rows] == [
            ("radon", KIND, 1),
            ("ruff", ALL_KINDS, 4),
            ("ruff", KIND, 3),
            ("ruff", "summary", 1),
        ]
        assert rows[1].p99_ms == pytest.approx(9000, rel=0.051)
        assert rows[1].p50_ms == pytest.approx(1000, rel=0.051)
        (summary,) = await reader.read(HOUR, at=NOON, agent="ruff", kind="summary")
        assert summary.latency_ms == pytest.approx(9000)
        assert [row.agent for row in await reader.read(HOUR, at=NOON, kind=KIND)] == [
            "radon",
            "ruff",
        ]

    async def test_a_rating_changes_the_quality_of_its_attempt_s_time(self, viewed: Viewed) -> None:
        life = done(-120)
        await viewed.tell(life)
        await viewed.append(_rated(life, 0.25))
        await viewed.project()
        reader = viewed.views.agent_performance
        assert list(await reader.read(HOUR, at=NOON)) == []
        (row,) = await reader.read(DAY, at=NOON)
        assert (row.quality, row.rated, row.attempts) == (0.25, 1, 1)

    async def test_points_are_the_newest_that_are_over_oldest_first(self, viewed: Viewed) -> None:
        for step in (-3, -2, -1, 0):
            many = 10 if step != -2 else 9
            await viewed.tell(*(done(5 * step, took=10 + step) for _ in range(many)))
        await viewed.tell(*(done(-15, agent="radon") for _ in range(10)))
        reader = viewed.views.agent_performance
        told = await reader.points([("ruff", KIND), ("nobody", KIND)], before=NOON + 3 * MINUTE)
        assert set(told) == {("ruff", KIND)}
        points = told["ruff", KIND]
        assert [point.begins for point in points] == [NOON - 15 * MINUTE, NOON - 5 * MINUTE]
        assert [point.attempts for point in points] == [10, 10]
        assert points[0].p95_ms == pytest.approx(7000, rel=0.051)

    async def test_no_more_than_a_hundred_points_are_told(self, viewed: Viewed) -> None:
        await viewed.tell(*(done(5 * step) for step in range(103) for _ in range(10)), most=2_000)
        told = await viewed.views.agent_performance.points(
            [("ruff", KIND)], before=NOON + timedelta(days=1)
        )
        begins = [point.begins for point in told["ruff", KIND]]
        assert begins == [NOON + 5 * step * MINUTE for step in range(3, 103)]

    async def test_points_of_a_month_ago_are_left_alone(self, viewed: Viewed) -> None:
        await viewed.tell(*(done(0) for _ in range(10)))
        reader, whose = viewed.views.agent_performance, [("ruff", KIND)]
        month = timedelta(days=30, minutes=5)
        assert len(await reader.points(whose, before=NOON + month)) == 1
        assert len(await reader.points(whose, before=NOON + month + MINUTE)) == 0

    async def test_how_agents_do_now_is_told_of_those_with_enough_attempts(
        self, viewed: Viewed
    ) -> None:
        await viewed.tell(
            *(done(-number / 4) for number in range(10)),
            *(done(-1, agent="radon") for _ in range(9)),
            *(done(-6, agent="bandit") for _ in range(10)),
        )
        told = await viewed.views.agent_performance.now(at=NOON)
        assert set(told) == {("ruff", KIND)}
        assert (told["ruff", KIND].attempts, told["ruff", KIND].success_rate) == (10, 1)

    async def test_anomalies_stand_until_they_are_resolved(self, viewed: Viewed) -> None:
        reader = viewed.views.anomalies
        assert list(await reader.all()) == []
        anomaly = next(each for each in a.unknown("ruff", KIND) if each.type == "latency_spike")
        slow, usual = _point(9000.0), _point(1000.0)
        raised = a.answer(anomaly, slow, usual, at=NOON)
        assert raised is not None
        await viewed.append(raised)
        await viewed.project()
        (told,) = await reader.all(standing=True)
        assert told == a.evolve(anomaly, raised)
        resolved = a.answer(told, usual, usual, at=NOON + MINUTE)
        assert resolved is not None
        await viewed.append(resolved)
        await viewed.project()
        assert list(await reader.all(standing=True)) == []
        assert list(await reader.all()) == [a.evolve(told, resolved)]
        assert list(await reader.all(agent="ruff", kind=KIND)) == list(await reader.all())
        assert list(await reader.all(agent="radon")) == []
        assert list(await reader.all(kind="summary")) == []


def _point(p95_ms: float) -> Point:
    return Point(begins=NOON, attempts=10, p95_ms=p95_ms, success_rate=0.9)


def _rated(life: TaskBuilder, quality: float) -> OutcomeRated:
    fact = rate(result_of(life.task), quality, "ann", at=NOON)
    assert isinstance(fact.outcome_id, UUID)
    return fact
