"""What was learnt is read once, then only what is new, and all of it again from a view built anew."""

from __future__ import annotations

from collections.abc import Collection

from arbiter.application.lessons import Lessons
from arbiter.application.ports import Learnt
from arbiter.domain.record import Record


class Told:
    """Records that grow by hand, and the readings of them."""

    def __init__(self) -> None:
        self.position = 0
        self.records: dict[tuple[str, str], Record] = {}
        self.readings: list[tuple[int, int]] = []

    def tell(self, agent: str, *, completed: int, failed: int = 0) -> None:
        self.position += 1
        self.records[agent, "review"] = Record(
            completed=completed, failed=failed, position=self.position
        )

    async def of(self, agents: Collection[str], *, after: int = 0) -> Learnt:
        self.readings.append((len(agents), after))
        return Learnt(
            position=self.position,
            decisions={},
            records={
                whose: record
                for whose, record in self.records.items()
                if whose[0] in agents and record.position > after
            },
        )


ALL = frozenset({"ruff", "bandit"})


async def test_what_is_new_is_read_behind_what_is_known():
    lessons = Lessons(told := Told())
    told.tell("ruff", completed=1)
    assert await lessons.rates(ALL, "review") == {"ruff": 1.0}
    told.tell("bandit", completed=1, failed=1)
    await lessons.freshen()
    assert await lessons.rates(ALL, "review") == {"ruff": 1.0, "bandit": 0.5}
    assert told.readings == [(2, 0), (0, 0), (2, 1)]


async def test_nothing_is_read_twice_while_nothing_is_new():
    lessons = Lessons(told := Told())
    told.tell("ruff", completed=1)
    await lessons.of(ALL)
    for _ in range(3):
        await lessons.freshen()
        assert await lessons.rates(ALL, "review") == {"ruff": 1.0}
    assert [size for size, _ in told.readings] == [2, 0, 0, 0]


async def test_who_was_not_asked_for_before_is_read_whole():
    lessons = Lessons(told := Told())
    told.tell("bandit", completed=1)
    told.tell("ruff", completed=1)
    await lessons.of(frozenset({"ruff"}))
    assert await lessons.rates(ALL, "review") == {"ruff": 1.0, "bandit": 1.0}


async def test_a_view_that_is_built_anew_is_read_anew():
    lessons = Lessons(told := Told())
    told.tell("bandit", completed=1)
    told.tell("ruff", completed=1)
    await lessons.of(ALL)
    told.position, told.records = 0, {}
    told.tell("ruff", completed=1, failed=3)
    await lessons.freshen()
    assert await lessons.rates(ALL, "review") == {"ruff": 0.25}


async def test_who_has_no_outcome_has_no_rate():
    lessons = Lessons(told := Told())
    told.tell("ruff", completed=0)
    assert await lessons.rates(ALL, "review") == {}
    assert await lessons.rates(ALL, "format") == {}
