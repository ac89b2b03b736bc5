"""Statistics count facts per minute, and spans of time in buckets."""

from datetime import timedelta

from arbiter.domain import facts as f
from arbiter.projections.latency import ERROR, milliseconds_of
from arbiter.projections.stats import Measure, Minute, Stats
from arbiter.testing.builders import LOST, NOON, a_task
from tests.projections.folding import batch_of

TIMEOUT = f.Failure(kind="timeout", type="start_to_close")


def fold(*lives):
    return Stats().fold(batch_of(*lives))


def spans(change, measure):
    """Every span that was counted, in milliseconds."""
    return [
        milliseconds_of(bucket)
        for (_, measured, bucket), count in change.spans.items()
        if measured is measure
        for _ in range(count)
    ]


def close_to(milliseconds):
    return lambda told: abs(told - milliseconds) <= milliseconds * (ERROR + 1e-9)


def test_each_fact_counts_in_its_own_minute():
    life = a_task().running().later(90).completed()
    change = fold(life)
    assert change.minutes == {
        NOON: Minute(facts=4, submitted=1, started=1),
        NOON + timedelta(minutes=1): Minute(facts=1, completed=1),
    }


def test_every_ending_is_counted():
    (held,) = fold(a_task().held().rejected()).minutes.values()
    assert held.rejected == 1
    (cancelled,) = fold(a_task().queued().cancelled()).minutes.values()
    assert cancelled.cancelled == 1
    (failed,) = fold(a_task().failed()).minutes.values()
    assert (failed.failed, failed.retries, failed.started) == (1, 2, 3)


def test_waiting_is_counted_from_when_it_could_have_started():
    change = fold(a_task().queued().later(2).running())
    (told,) = spans(change, Measure.SCHEDULE_TO_START)
    assert close_to(2000)(told)
    not_before = NOON + timedelta(seconds=2)
    change = fold(a_task(not_before=not_before).queued().later(3).running())
    (told,) = spans(change, Measure.SCHEDULE_TO_START)
    assert close_to(1000)(told)


def test_a_retry_waits_from_its_own_not_before():
    change = fold(a_task().retrying().later(10).running())
    first, second = spans(change, Measure.SCHEDULE_TO_START)
    assert first < 1
    assert 8_000 <= second <= 10_000


def test_an_attempt_lasts_from_start_to_result_or_error():
    (told,) = spans(fold(a_task().running().later(3).completed()), Measure.ATTEMPT)
    assert close_to(3000)(told)
    (told,) = spans(fold(a_task().running().later(3).retrying(TIMEOUT)), Measure.ATTEMPT)
    assert close_to(3000)(told)


def test_what_a_lost_worker_took_along_is_no_measure_of_the_handler():
    change = fold(a_task().running().later(3).retrying(LOST))
    assert spans(change, Measure.ATTEMPT) == []
    (minute,) = change.minutes.values()
    assert (minute.worker_lost, minute.retries, minute.rescued) == (1, 1, 0)


def test_a_task_completed_after_a_loss_is_rescued():
    life = a_task().retrying(LOST).later(30).completed()
    assert sum(minute.rescued for minute in fold(life).minutes.values()) == 1
    assert sum(minute.rescued for minute in fold(a_task().completed()).minutes.values()) == 0


def test_a_run_is_measured_from_its_own_beginning():
    life = a_task().failed().later(1000).redriven().later(5).completed()
    (told,) = spans(fold(life), Measure.SUBMIT_TO_COMPLETE)
    assert close_to(5000)(told)
