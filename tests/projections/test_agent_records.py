"""Records are the fold of the log, equal to the last bit however the log is cut."""

from uuid import UUID

import msgspec
import pytest

from arbiter.domain import facts as f
from arbiter.domain.record import FORGET, Rating
from arbiter.projections.agent_records import AgentRecords, Whose, records_of
from arbiter.projections.base import Batch
from arbiter.testing.builders import LOST, NOON, a_task, completed
from arbiter.testing.random_log import RandomLog
from tests.projections.folding import batch_of, batches_of, recorded

KIND = a_task().task.kind
RUFF = Whose("ruff", KIND)


def task(number, **details):
    return a_task(task_id=UUID(int=number), **details)


def fold(*lives):
    return records_of([AgentRecords().fold(batch_of(*lives))])


def rated(life, counts, before=None):
    return f.OutcomeRated(
        outcome_id=UUID(int=7),
        version=1,
        at=NOON,
        task_id=life.task.id,
        attempt=1,
        agent="ruff",
        kind=KIND,
        quality=counts,
        judge="ann",
        counts=counts,
        ended_at=NOON,
        before=before,
    )


def test_a_record_tells_what_an_agent_did_of_a_kind():
    life = a_task().running().later(2).then(completed(quality=0.5, cost=0.25))
    record = fold(life)[RUFF]
    assert (record.routed, record.completed, record.failed) == (1, 1, 0)
    assert (record.success_rate, record.quality, record.cost) == (1, 0.5, 0.25)
    assert (record.latency_ms, record.wins, record.losses) == (2000, 1, 0)
    assert record.position == len(life.facts)


def test_each_attempt_is_an_outcome_and_the_latest_weighs_most():
    record = fold(a_task().retrying().completed())[RUFF]
    assert (record.routed, record.completed, record.failed) == (2, 1, 1)
    assert (record.wins, record.losses) == (1, FORGET)


@pytest.mark.parametrize(
    "life",
    [
        a_task().running().cancelled(),
        a_task().retrying(LOST),
        a_task().running().released(),
        a_task().running().suspended(),
        a_task().routed_to("ruff").cancelled(),
    ],
)
def test_what_the_agent_cannot_help_teaches_nothing(life):
    record = fold(life)[RUFF]
    assert (record.routed, record.attempts, record.wins, record.losses) == (1, 0, 0, 0)


def test_agents_and_kinds_have_records_of_their_own():
    told = fold(
        task(1).routed_to("ruff").running().completed(),
        task(2, kind="summary").routed_to("ruff").running().failed(),
        task(3).routed_to("radon").running().completed(),
    )
    assert set(told) == {RUFF, Whose("ruff", "summary"), Whose("radon", KIND)}


def test_decisions_are_counted_by_kind():
    change = AgentRecords().fold(
        batch_of(task(1).retrying().running(), task(2, kind="summary").routed_to("radon"))
    )
    assert change.decisions == {KIND: 2, "summary": 1}


def test_a_rating_counts_as_the_quality_of_its_attempt():
    life = a_task().running().then(completed(quality=1.0))
    end = len(life.facts) + 1
    log = [*recorded(life), *_at(end, rated(life, 0.5, before=1.0))]
    record = records_of([AgentRecords().fold(Batch(log, {}))])[RUFF]
    assert (record.rated, record.quality) == (1, 0.5)
    assert (record.good, record.bad) == (0.5, 0.5)
    assert record.position == end


def test_a_first_rating_is_one_more_word_about_quality():
    life = a_task().completed()
    change = AgentRecords().fold(
        Batch([*recorded(life), *_at(len(life.facts) + 1, rated(life, 0.25))], {})
    )
    assert change.lessons[RUFF].ratings == [Rating(0.25)]
    assert records_of([change])[RUFF].quality == 0.25


def _at(position, fact):
    (first, *_) = recorded(a_task())
    return [msgspec.structs.replace(first, fact=fact, position=position)]


@pytest.mark.parametrize("size", [1, 2, 7, 50])
@pytest.mark.parametrize("seed", range(3))
def test_batches_of_any_size_teach_exactly_the_same(size, seed):
    grown = RandomLog(seed)
    (first, *_) = recorded(a_task())
    log = [
        msgspec.structs.replace(first, fact=fact, position=position)
        for position, fact in enumerate(grown.grow(600), 1)
    ]
    fold_of = AgentRecords().fold
    whole = records_of(map(fold_of, batches_of(log, len(log))))
    assert any(record.good for record in whole.values())
    assert records_of(map(fold_of, batches_of(log, size))) == whole
