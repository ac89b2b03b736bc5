"""How agents do adds up over steps, kinds and batches; what is nobody's fault is left out."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbiter.domain import facts as f
from arbiter.domain.performance import STEPS, WINDOWS, window_named
from arbiter.domain.record import Record
from arbiter.infrastructure.reading_performance import performance, performances, point
from arbiter.projections.agent_performance import AgentPerformance, Place, total
from arbiter.projections.latency import ERROR
from arbiter.projections.outcomes import Sums
from arbiter.testing.builders import LOST, NOON, a_task, completed
from tests.projections.folding import batch_of, batches_of, recorded

FIVE, HOUR, DAY, WEEK = WINDOWS
RUFF = ("ruff", a_task().task.kind)


def fold(*lives):
    return AgentPerformance().fold(batch_of(*lives))


def summed(*changes):
    sums, spans = {}, {}
    for change in changes:
        for place, more in change.sums.items():
            sums.setdefault(place, Sums()).add(more)
        for key, count in change.spans.items():
            spans[key] = spans.get(key, 0) + count
    return sums, spans


def only(change):
    (sums,) = [sums for place, sums in change.sums.items() if place.step == 60]
    return sums


def told(sums, spans=None, window=WEEK):
    return performance(RUFF, (sums, spans or {}), window)


def test_a_result_counts_for_its_agent_and_kind_in_every_step():
    life = a_task().running().later(7 * 60 + 1).then(completed(quality=0.5, cost=0.25))
    change = fold(life)
    assert set(change.sums) == {
        Place(1, NOON + timedelta(minutes=7), *RUFF),
        Place(5, NOON + timedelta(minutes=5), *RUFF),
        Place(60, NOON, *RUFF),
    }
    for sums in change.sums.values():
        assert (sums.completed, sums.quality_e9, sums.cost_e9) == (1, 500_000_000, 250_000_000)
        assert sums.latency_us == 421_000_000


def test_each_failed_attempt_counts():
    assert only(fold(a_task().failed())).failed == 3


@pytest.mark.parametrize(
    "life",
    [
        a_task().running().cancelled(),
        a_task().retrying(LOST),
        a_task().running().released(),
        a_task().running().suspended(),
        a_task().retrying(f.Failure(kind="timeout", type="total")),
    ],
)
def test_what_the_agent_cannot_help_leaves_its_rate_alone(life):
    sums = only(fold(life))
    assert (sums.attempts, sums.timed) == (0, 0)
    assert sums.cancelled + sums.excused == 1


def test_what_ends_before_it_runs_is_no_outcome():
    assert fold(a_task().queued().cancelled()).sums == {}
    assert fold(a_task().routed_to("ruff").cancelled()).sums == {}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e300])
def test_what_is_no_number_is_not_summed(number):
    life = a_task().running().then(completed(quality=number, cost=number))
    assert (only(fold(life)).rated, only(fold(life)).priced) == (0, 0)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_batches_of_any_size_sum_to_the_same(size):
    lives = [
        a_task(task_id=UUID(int=number)).failed() if number % 2
        else a_task(task_id=UUID(int=number)).later(70).completed()
        for number in range(1, 7)
    ]  # fmt: skip
    log = recorded(*lives)
    fold_of = AgentPerformance().fold
    whole = next(iter(batches_of(log, len(log))))
    assert summed(*map(fold_of, batches_of(log, size))) == summed(fold_of(whole))


def test_steps_sum_to_the_same():
    change = fold(*(a_task(task_id=UUID(int=n)).later(97 * n).completed() for n in range(1, 80)))
    by_step = {
        step: total((sums, {}) for place, sums in change.sums.items() if place.step == step)[0]
        for step in STEPS
    }
    assert by_step[1] == by_step[5] == by_step[60]
    assert by_step[1].completed == 79


def test_a_rating_belongs_to_the_time_of_its_attempt():
    rating = f.OutcomeRated(
        outcome_id=UUID(int=7),
        version=1,
        at=NOON + timedelta(days=2),
        task_id=UUID(int=1),
        attempt=1,
        agent="ruff",
        kind=RUFF[1],
        quality=0.5,
        judge="ann",
        counts=0.5,
        ended_at=NOON,
        before=0.75,
    )
    (first, *_) = recorded(a_task())
    batch = type(batch_of())([type(first)(rating, 1)], {})
    change = AgentPerformance().fold(batch)
    assert {place.begins for place in change.sums} == {NOON}
    assert only(change) == Sums(rated=0, quality_e9=-250_000_000)
    assert change.spans == {}


def test_before_the_first_result_the_start_is_optimistic():
    nothing = told(Sums())
    assert (nothing.success_rate, nothing.quality, nothing.latency_ms) == (0.8, 0.7, 5000)
    assert (nothing.p50_ms, nothing.confidence, nothing.attempts) == (None, 0, 0)


@given(st.lists(st.booleans(), min_size=1, max_size=100))
def test_a_rate_is_the_running_average(outcomes):
    average, sums = 0.8, Sums()
    for n, success in enumerate(outcomes):
        average += (success - average) / (n + 1)
        sums.add(Sums(completed=success, failed=not success))
    assert told(sums).success_rate == pytest.approx(average)
    record = Record(completed=sums.completed, failed=sums.failed)
    assert record.success_rate == told(sums).success_rate


def test_percentiles_are_read_from_buckets():
    change = fold(a_task().running().later(3).completed())
    spans = {bucket: count for (place, bucket), count in change.spans.items() if place.step == 60}
    here = told(only(change), spans)
    assert here.p50_ms == here.p99_ms == pytest.approx(3000, rel=ERROR + 1e-9)


def test_windows_end_with_the_step_under_way():
    at = NOON + timedelta(minutes=33, seconds=20)
    assert FIVE.begins(at) == NOON + timedelta(minutes=29)
    assert HOUR.begins(at) == NOON - timedelta(minutes=26)
    assert DAY.begins(at) == NOON - timedelta(hours=23)
    assert WEEK.begins(at) == NOON - timedelta(hours=7 * 24 - 1)


def test_windows_trust_what_is_enough():
    assert told(Sums(completed=5), window=FIVE).confidence == pytest.approx(0.2)
    assert told(Sums(completed=50), window=FIVE).confidence == pytest.approx(0.4)
    assert told(Sums(completed=500), window=WEEK).confidence == 1
    assert window_named("24h") is DAY


def test_kinds_are_summed_up_where_there_are_several():
    rows = performances(
        {
            ("ruff", "b"): (Sums(completed=1), {3: 1}),
            ("ruff", "a"): (Sums(failed=1), {}),
            ("radon", "a"): (Sums(completed=1), {}),
        },
        WEEK,
    )
    assert [(row.agent, row.kind, row.attempts) for row in rows] == [
        ("radon", "a", 1),
        ("ruff", "*", 2),
        ("ruff", "a", 1),
        ("ruff", "b", 1),
    ]


def test_a_point_needs_ten_attempts_and_ten_ratings_for_its_quality():
    assert point(NOON, (Sums(completed=9), {3: 9})) is None
    here = point(NOON, (Sums(completed=8, failed=2, rated=9, quality_e9=9), {3: 10}))
    assert (here.success_rate, here.quality, here.cost) == (0.8, None, None)
    rated = point(NOON, (Sums(completed=10, rated=10, quality_e9=5_000_000_000), {3: 10}))
    assert rated.quality == 0.5


def test_adding_leaves_the_parts_as_they_are():
    one = Sums(completed=1)
    sums, spans = total([(one, {3: 1}), (one, {3: 2})])
    assert (sums.completed, spans, one.completed) == (2, {3: 3}, 1)
