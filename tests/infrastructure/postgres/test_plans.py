"""Dispatch looks at what it takes and little more, however many tasks there are, analysed or not.

Statements are prepared and planned as Arbiter does it, once per connection, and stay planned: whoever
connected while the table was empty goes on with that plan when it is full.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from arbiter.application.ports import Turn
from arbiter.domain.facts import encode
from arbiter.infrastructure.postgres.arrays import blobs, integers, texts, uuids
from arbiter.infrastructure.postgres.columns import decision_columns, turn_columns
from arbiter.testing.builders import rescheduled
from arbiter.testing.contracts.given import decision, wanted
from tests.support.crowd import FIRST_FACTS, fill
from tests.support.plans import Explained, explaining
from tests.support.server import asked

AT = datetime(2030, 6, 1, tzinfo=UTC)
"""After everything on offer was submitted, before anything scheduled is due."""

BATCH = 50
MOST_SEEN = 10 * BATCH
LOOK = 100
SCHEDULED_FIRST = 9


class Statements:
    """What runs again and again, with what it is given."""

    def __init__(self, me, entries) -> None:
        turn = Turn(incarnation=me, wanted=[wanted(BATCH)], total=BATCH)
        ids = uuids([made.task_id for made in entries])
        at = {"at": AT}
        self.all: dict[str, tuple[Any, int]] = {
            # with how many rows the busiest of its scans may look at
            "turn": (turn_columns(turn, "c"), MOST_SEEN),
            "append_decisions": (decision_columns(entries, "c"), 10 * len(entries)),
            "sweep": ({**at, "how_many": LOOK, "channel": "c"}, 10 * LOOK),
            "select_overdue": ({**at, "how_many": LOOK}, 10 * LOOK),
            "select_unroutable": ({"how_many": LOOK}, 10 * LOOK),
            "select_claimed_by": ({"incarnation": me, "how_many": LOOK}, 10 * LOOK),
            "unclaim": ({"me": me, "ids": ids, "channel": "c"}, 10 * LOOK),
            "handlers_stopped": ({"me": me, "ids": ids, "at": AT, "channel": "c"}, 10 * LOOK),
            "forget_incarnation": ({"incarnation": me, "at": AT, "channel": "c"}, 10 * LOOK),
            "postpone": ({"ids": ids, "until": AT, "reason": "nobody able"}, 10 * LOOK),
            "offer_set_aside": ({"how_many": LOOK, "channel": "c"}, 10 * LOOK),
        }

    async def run(self, explained: Explained, state: str) -> None:
        for name, (params, most) in self.all.items():
            plan = await explained.run(name, params)
            assert plan.scans("ready_tasks", "Seq Scan") == [], f"{name}, {state}: {plan.text}"
            assert plan.most_seen <= most, f"{name}, {state}: {plan.text}"
            if name == "turn":
                assert BATCH <= plan.seen_by("ready_tasks_to_claim") <= MOST_SEEN, state


@pytest.mark.parametrize(
    ("tasks", "scheduled"),
    [
        (160_000, 40_000),
        pytest.param(800_000, 200_000, marks=[pytest.mark.deep, pytest.mark.timeout(300)]),
    ],
)
async def test_no_statement_of_dispatch_walks_past_many_tasks(
    store, given, database, tasks, scheduled
):
    me = await given.worker()
    await given.agent(languages=("python",))
    some = [await given.task(priority=1) for _ in range(20)]
    statements = Statements(me, [decision(task, rescheduled, at=given.now)[0] for task in some])
    async with explaining(database.dsn) as early:
        for name, (params, _) in statements.all.items():
            await early.run(name, params)  # planned from now on
        await fill(database.dsn, scheduled, scheduled=True, priority=SCHEDULED_FIRST)
        await fill(database.dsn, tasks, after=scheduled)
        await asked(
            database.dsn,
            """UPDATE arbiter.ready_tasks SET due_at = submitted_at + interval '1 year'
               WHERE task_id IN (SELECT task_id FROM arbiter.ready_tasks WHERE waiting LIMIT 1000)""",
        )
        await asked(database.dsn, FIRST_FACTS, {"state": b"{}"})
        await statements.run(early, "planned when empty, never analysed")
        async with explaining(database.dsn) as late:
            await statements.run(late, "planned when full, never analysed")
        await asked(database.dsn, "ANALYZE")
        await statements.run(early, "analysed")
        await asked(database.dsn, "DELETE FROM arbiter.ready_tasks WHERE random() < 0.9")
        await statements.run(early, "after mass deletion")
        async with explaining(database.dsn) as late:
            await statements.run(late, "planned after mass deletion")
        await asked(database.dsn, "VACUUM ANALYZE")
        async with explaining(database.dsn) as late:
            await statements.run(late, "analysed after mass deletion")


async def test_a_sweep_finds_what_is_ripe_among_very_many_that_are_not(store, database):
    await fill(database.dsn, 40_000, scheduled=True)
    first_due = datetime(2031, 1, 1, 12, 0, 1, tzinfo=UTC)
    async with explaining(database.dsn) as explained:
        at = first_due + timedelta(seconds=9)
        plan = await explained.run("sweep", {"at": at, "how_many": LOOK, "channel": "c"})
        assert plan.most_seen <= 10 * LOOK, plan.text
    swept = await store.ready.sweep(at)
    assert swept.flipped == 10
    assert swept.next_due == first_due + timedelta(seconds=10)


class TestUnroutable:
    """Tasks that nobody can do stand in front of those that somebody can."""

    IN_FRONT, BEHIND = 1000, 1000

    async def test_they_delay_the_rest_by_less_than_100_ms(self, store, given, database):
        submission = await given.task(kind="elsewhere")
        first = (await store.log.stream(submission.id))[0]
        me = await given.worker()
        await given.agent(languages=("python",))
        unmet = {"priority": SCHEDULED_FIRST, "needs": ("languages:rust",)}
        await fill(database.dsn, self.IN_FRONT, **unmet)
        await fill(database.dsn, self.BEHIND, after=self.IN_FRONT)
        await asked(database.dsn, FIRST_FACTS, {"state": encode(first)})
        asks = wanted(BATCH, abilities=["languages:python"])
        waited = []
        for _ in range(5):
            begun = time.perf_counter()
            turned = await given.turn(me, asks)
            waited.append(time.perf_counter() - begun)
            assert len(turned.claimed) == BATCH
        assert max(waited) < 0.1, waited

    async def test_they_are_found_and_set_aside_in_a_few_looks(self, store, given, database):
        await given.worker()
        await given.agent(languages=("python",))
        await fill(database.dsn, self.IN_FRONT, priority=9, needs=("languages:rust",))
        await fill(database.dsn, self.BEHIND, after=self.IN_FRONT)
        looks = 0
        while unroutable := await store.ready.unroutable(500):
            ids = [each.task_id for each in unroutable]
            await store.ready.postpone(ids, AT + timedelta(days=1000), "nobody able")
            looks += 1
        assert looks == self.IN_FRONT / 500
        [[waiting]] = await asked(
            database.dsn, "SELECT count(*) FROM arbiter.ready_tasks WHERE waiting"
        )
        assert waiting == self.IN_FRONT
        assert await store.ready.offer_set_aside(500) == 0
        async with explaining(database.dsn) as explained:
            plan = await explained.run("offer_set_aside", {"how_many": LOOK, "channel": "c"})
            assert plan.scans("ready_tasks", "Seq Scan") == [], plan.text
            assert plan.most_seen <= 10, plan.text
        learnt = given.updated(version=2, languages=("rust",))
        await store.directory.append(learnt)
        looks = 0
        while await store.ready.offer_set_aside(500):
            looks += 1
        assert looks == self.IN_FRONT / 500


async def test_many_queues_and_kinds_cost_their_fronts_only(store, given, database):
    for place in range(20):
        where = {"queue": f"queue-{place % 4}", "kind": f"kind-{place}"}
        await fill(database.dsn, 2000, after=place * 2000, **where)
    queues = [f"queue-{place}" for place in range(4)]
    me = await given.worker(agents=["all"], queues=queues)
    await given.agent("all", kinds=[f"kind-{place}" for place in range(20)])
    asks = [wanted(BATCH, queue=f"queue-{place % 4}", kind=f"kind-{place}") for place in range(20)]
    await asked(database.dsn, FIRST_FACTS, {"state": b"{}"})
    async with explaining(database.dsn) as explained:
        turn = Turn(incarnation=me, wanted=asks, total=BATCH)
        plan = await explained.run("turn", turn_columns(turn, "c"))
        assert plan.seen_by("ready_tasks_to_claim") <= len(asks) * BATCH
        assert plan.scans("ready_tasks", "Seq Scan") == []
        plan = await explained.run("select_unroutable", {"how_many": LOOK})
        assert plan.most_seen <= len(asks) * LOOK
        assert plan.scans("ready_tasks", "Seq Scan") == []


async def test_a_turn_of_500_looks_at_no_more_than_its_tasks(store, given, database):
    await fill(database.dsn, 20_000)
    me = await given.worker()
    await asked(database.dsn, FIRST_FACTS, {"state": b"{}"})
    await asked(
        database.dsn,
        """UPDATE arbiter.ready_tasks SET claimed_by = %s
           WHERE task_id IN (SELECT task_id FROM arbiter.ready_tasks ORDER BY task_id LIMIT 1000)""",
        (me,),
    )
    rows = await asked(
        database.dsn,
        "SELECT task_id, version FROM arbiter.ready_tasks WHERE claimed_by = %s LIMIT 500",
        (me,),
    )
    turn = Turn(incarnation=me, wanted=[wanted(500)], total=500)
    params = turn_columns(turn, "c")
    ids = uuids([task_id for task_id, _ in rows])
    params |= {
        "known": ids,
        "gone": ids,
        "ids": ids,
        "expected": integers([version for _, version in rows]),
        "versions": integers([version + 1 for _, version in rows]),
        "topics": texts(["task.cancelled"] * len(rows)),
        "states": blobs([b"{}"] * len(rows)),
    }
    async with explaining(database.dsn) as explained:
        plan = await explained.run("turn", params)
    assert plan.scans("ready_tasks", "Seq Scan") == [], plan.text
    assert plan.most_seen <= 1500, plan.text
