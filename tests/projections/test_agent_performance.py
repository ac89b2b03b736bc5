"""Outcomes fold per agent and kind; only completed and failed attempts make the success rate."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbiter.domain import facts as f
from arbiter.projections.agent_performance import (
    WINDOWS,
    AgentPerformance,
    Place,
    Sums,
    performance,
    total,
)
from arbiter.projections.latency import ERROR
from arbiter.testing.builders import LOST, NOON, a_task, completed
from tests.projections.folding import batch_of, batches_of, recorded


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
    (sums,) = change.sums.values()
    return sums


def test_a_result_counts_for_its_agent_kind_and_minute():
    life = a_task().running().later(61).then(completed(quality=0.5, cost=0.25))
    ((place, sums),) = fold(life).sums.items()
    assert place == Place("ruff", life.facts[0].kind, NOON + timedelta(minutes=1))
    assert (sums.completed, sums.quality_e9, sums.cost_e9) == (1, 500_000_000, 250_000_000)
    assert sums.latency_us == 61_000_000


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
    assert (sums.completed, sums.failed, sums.timed) == (0, 0, 0)
    assert sums.cancelled + sums.excused == 1


def test_what_ends_before_it_runs_is_no_outcome():
    assert fold(a_task().queued().cancelled()).sums == {}
    assert fold(a_task().routed_to("ruff").cancelled()).sums == {}


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


def test_before_the_first_result_the_start_is_optimistic():
    told = performance(Sums(), {})
    assert (told.success_rate, told.quality, told.latency_ms) == (0.8, 0.7, 5000)
    assert (told.p50_ms, told.confidence, told.attempts) == (None, 0, 0)


@given(st.lists(st.booleans(), min_size=1, max_size=100))
def test_a_rate_is_the_running_average(outcomes):
    average, sums = 0.8, Sums()
    for n, success in enumerate(outcomes):
        average += (success - average) / (n + 1)
        sums.add(Sums(completed=success, failed=not success))
    assert performance(sums, {}).success_rate == pytest.approx(average)


def test_percentiles_are_read_from_buckets():
    change = fold(a_task().running().later(3).completed())
    spans = {bucket: count for (_, bucket), count in change.spans.items()}
    told = performance(only(change), spans)
    assert told.p50_ms == told.p99_ms == pytest.approx(3000, rel=ERROR + 1e-9)


def test_windows_hold_what_began_in_them_and_trust_what_is_enough():
    five = WINDOWS[0]
    assert five.holds(NOON, NOON)
    assert not five.holds(NOON - timedelta(minutes=5), NOON)
    assert not five.holds(NOON + timedelta(minutes=1), NOON)
    assert performance(Sums(completed=5), {}, five).confidence == pytest.approx(0.2)
    assert performance(Sums(completed=50), {}, five).confidence == pytest.approx(0.4)


def test_adding_leaves_the_parts_as_they_are():
    one = Sums(completed=1)
    sums, spans = total([(one, {3: 1}), (one, {3: 2})])
    assert (sums.completed, spans, one.completed) == (2, {3: 3}, 1)
