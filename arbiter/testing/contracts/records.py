"""What every keeper of records promises: exactly the fold of the log up to the position it tells."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

import pytest

from arbiter.application.ports import Learnt
from arbiter.domain.record import Record
from arbiter.projections.agent_records import AgentRecords, Whose, records_of
from arbiter.projections.base import Batch
from arbiter.testing.builders import a_task, completed
from arbiter.testing.contracts.views import Viewed
from arbiter.testing.random_log import AGENTS, RandomLog

KIND = a_task().task.kind


async def folded(viewed: Viewed, until: int) -> Mapping[Whose, Record]:
    """Fold the log anew up to a position."""
    facts = [each for each in await viewed.log.read(0, 10_000) if each.position <= until]
    return records_of([AgentRecords().fold(Batch(facts, {}))])


class RecordsContract:
    """A suite: an adapter's tests subclass it and give `viewed`."""

    @pytest.fixture
    def viewed(self) -> Viewed:
        """Give an empty log with empty views, and a frozen clock."""
        raise NotImplementedError

    async def test_nothing_is_known_at_first(self, viewed: Viewed) -> None:
        told = await viewed.views.records.of(["ruff"])
        assert told == Learnt(position=0, records={}, decisions={})

    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.parametrize("most", [1, 13, 1000])
    async def test_records_equal_the_fold_of_the_log_to_the_last_bit(
        self, viewed: Viewed, seed: int, most: int
    ) -> None:
        await viewed.append(*RandomLog(seed).grow(300))
        await viewed.project(most)
        told = await viewed.views.records.of(AGENTS)
        assert told.position == await viewed.log.last_position()
        assert told.records == await folded(viewed, told.position)
        assert sum(told.decisions.values()) == sum(
            record.routed for record in told.records.values()
        )

    async def test_only_those_who_are_asked_about_are_told(self, viewed: Viewed) -> None:
        await viewed.tell(
            a_task(task_id=uuid4()).routed_to("ruff").running().completed(),
            a_task(task_id=uuid4()).routed_to("radon").running().completed(),
        )
        told = await viewed.views.records.of(["radon", "nobody"])
        assert set(told.records) == {("radon", KIND)}
        assert told.decisions == {KIND: 2}
        assert (await viewed.views.records.of([])).records == {}

    async def test_behind_a_position_only_the_news_is_told(self, viewed: Viewed) -> None:
        await viewed.tell(a_task(task_id=uuid4()).routed_to("ruff").running().completed())
        before = await viewed.views.records.of(["ruff", "radon"])
        life = a_task(task_id=uuid4()).routed_to("radon").running()
        await viewed.tell(life.then(completed(quality=0.5, cost=1e12)))
        news = await viewed.views.records.of(["ruff", "radon"], after=before.position)
        assert set(news.records) == {("radon", KIND)}
        assert news.records["radon", KIND].cost == 1e12
        whole = await viewed.views.records.of(["ruff", "radon"])
        assert {**before.records, **news.records} == whole.records
        assert (await viewed.views.records.of(["ruff"], after=whole.position)).records == {}

    async def test_names_are_kept_as_they_are(self, viewed: Viewed) -> None:
        odd = "Prüfer 'x' \u2028 {a,b}\\"
        await viewed.tell(a_task().routed_to(odd).running().completed())
        assert set((await viewed.views.records.of([odd])).records) == {(odd, KIND)}
