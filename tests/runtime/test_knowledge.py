"""How a worker keeps to what is recorded of its agents: at once when told, else now and then, never idly."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import pytest

from arbiter.application.ports import Elsewhere, Learnt, Standing
from arbiter.application.routing import Learned, RoutingPlan
from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.breaker import State, transport_breaker
from arbiter.domain.facts import Transport
from arbiter.domain.record import Record
from arbiter.runtime.hosted import HostedAgent, Roster, profile
from arbiter.runtime.knowledge import LOOK_SECONDS, Knowledge, Sources
from arbiter.testing.builders import NOON, a_task
from arbiter.testing.scheduler import VirtualScheduler

KIND = "review"


class Recorded:
    """What stands in the database, as far as a worker asks, and how often it asked."""

    def __init__(self) -> None:
        self.stati: dict[str, AgentStatus] = {}
        self.moved: dict[str, Standing] = {}
        self.learnt = Learnt(position=0, records={}, decisions={})
        self.asked: list[int] = []

    async def statuses(self):
        return dict(self.stati)

    async def standing(self):
        return dict(self.moved)

    async def of(self, agents: Collection[str], *, after: int = 0) -> Learnt:
        self.asked.append(after)
        records = {
            whose: record
            for whose, record in self.learnt.records.items()
            if whose[0] in agents and record.position > after
        }
        return Learnt(
            position=self.learnt.position, records=records, decisions=self.learnt.decisions
        )


class Workplace:
    """A worker's knowledge, and all that it turns on."""

    def __init__(self) -> None:
        self.recorded, self.scheduler = Recorded(), VirtualScheduler()
        agents = [
            HostedAgent(profile(name, KIND, at=NOON), lambda _: None) for name in ("ann", "bob")
        ]
        self.roster = Roster({agent.name: agent for agent in agents}, 10)
        self.router = Learned(RoutingPlan(), self.scheduler.clock.monotonic)
        self.is_busy, self.opened = False, 0
        self.elsewhere: list[Elsewhere] = []
        self.knowledge = Knowledge(
            Sources(statuses=self.recorded, standings=self.recorded, records=self.recorded),
            self.roster,
            self.router,
            clock=self.scheduler.clock,
            scheduler=self.scheduler,
            is_busy=lambda: self.is_busy,
            opened=self._open,
            poll_seconds=30.0,
            elsewhere=self._elsewhere,
        )

    async def _elsewhere(self) -> Sequence[Elsewhere]:
        return self.elsewhere

    def _open(self) -> None:
        self.opened += 1

    @property
    def able(self) -> list[str]:
        return [agent.name for agent in self.roster.candidates(KIND, ())]

    @property
    def looks(self) -> int:
        return len(self.recorded.asked)

    def learn(self, position: int, **records: Record) -> None:
        known = {(name, KIND): record for name, record in records.items()}
        self.recorded.learnt = Learnt(position=position, records=known, decisions={KIND: position})

    def decision(self):
        task = a_task(kind=KIND).queued().task
        return self.router.choose(task, self.roster.candidates(KIND, ()), 0.5)[1]


@pytest.fixture
async def workplace():
    workplace = Workplace()
    yield workplace
    await workplace.knowledge.stop()


async def test_the_gate_is_right_before_anything_is_claimed(workplace):
    workplace.recorded.stati["ann"] = AgentStatus.DRAINING
    await workplace.knowledge.start()
    assert workplace.able == ["bob"]
    assert workplace.opened == 0


async def test_what_the_bell_tells_of_agents_is_looked_at_at_once(workplace):
    await workplace.knowledge.start()
    workplace.recorded.moved["bob"] = Standing(state=State.OPEN)
    workplace.knowledge.heard(frozenset({"agents"}))
    await workplace.scheduler.run_until_idle()
    assert workplace.able == ["ann"]
    del workplace.recorded.moved["bob"]
    workplace.knowledge.heard(frozenset({"agents"}))
    await workplace.scheduler.run_until_idle()
    assert (workplace.able, workplace.opened) == (["ann", "bob"], 1)


async def test_it_looks_four_times_a_second_while_there_is_work(workplace):
    await workplace.knowledge.start()
    workplace.is_busy = True
    await workplace.scheduler.advance(10.0)
    assert 38 <= workplace.looks <= 42
    for _ in range(100):
        workplace.knowledge.heard(frozenset({"ready", "log"}))
    await workplace.scheduler.advance(1.0)
    assert workplace.looks <= 46


async def test_an_idle_worker_leaves_the_database_alone(workplace):
    await workplace.knowledge.start()
    await workplace.scheduler.advance(5.0)  # it lingers, because views follow the log
    looks = workplace.looks
    await workplace.scheduler.advance(290.0)
    assert workplace.looks == looks
    await workplace.scheduler.advance(30.0)
    assert workplace.looks == looks + 1


async def test_work_that_comes_after_a_while_is_routed_by_what_is_known_by_then(workplace):
    await workplace.knowledge.start()
    await workplace.scheduler.advance(60.0)
    workplace.learn(7, ann=Record(completed=3, position=7))
    workplace.knowledge.heard(frozenset({"ready"}))
    await workplace.scheduler.run_until_idle()
    assert workplace.decision().known_at == 7


async def test_only_what_is_new_is_read_and_the_rest_kept(workplace):
    workplace.learn(7, ann=Record(completed=3, position=5), bob=Record(failed=2, position=6))
    await workplace.knowledge.start()
    workplace.learn(9, ann=Record(completed=4, position=9), bob=Record(failed=2, position=6))
    workplace.is_busy = True
    await workplace.scheduler.advance(LOOK_SECONDS)
    assert workplace.recorded.asked == [0, 7]
    decision = workplace.decision()
    assert (decision.known_at, decision.decisions) == (9, 9)
    assert [each.features.attempts for each in decision.candidates] == [4, 2]


async def test_a_view_that_is_built_anew_is_read_whole(workplace):
    workplace.learn(9, ann=Record(completed=4, position=9), bob=Record(failed=2, position=6))
    await workplace.knowledge.start()
    workplace.learn(3, ann=Record(completed=1, position=3))
    workplace.is_busy = True
    await workplace.scheduler.advance(LOOK_SECONDS)
    decision = workplace.decision()
    assert decision.known_at == 3
    assert [each.features.attempts for each in decision.candidates] == [1, 0]


async def test_a_database_that_is_away_at_first_is_told(workplace):
    async def away():
        raise OSError("away")

    workplace.recorded.standing = away
    with pytest.raises(OSError, match="away"):
        await workplace.knowledge.start()


async def test_what_is_known_stays_while_the_database_is_away(workplace):
    workplace.recorded.stati["ann"] = AgentStatus.OFFLINE
    await workplace.knowledge.start()
    standing = workplace.recorded.standing

    async def away():
        raise OSError("away")

    workplace.recorded.standing = away
    del workplace.recorded.stati["ann"]
    workplace.knowledge.heard(frozenset({"agents"}))
    await workplace.scheduler.advance(0.05)
    assert workplace.able == ["bob"]
    workplace.recorded.standing = standing
    await workplace.scheduler.advance(1.0)
    assert workplace.able == ["ann", "bob"]


def neighbour(
    name: str, *, busy: int = 0, host: int = 1, queues: Sequence[str] = ("default",), **known: Any
) -> Elsewhere:
    return Elsewhere(
        profile=profile(name, KIND, at=NOON, concurrency=4, languages=["python"], **known),
        abilities=frozenset({"languages:python"}),
        incarnation=UUID(int=host),
        queues=frozenset(queues),
        busy=busy,
    )


def beyond(workplace, *needs: str, queue: str = "default"):
    found = workplace.knowledge.neighbours.candidates(queue, KIND, needs)
    return [(each.name, each.incarnation.int, each.free) for each in found]


async def test_a_neighbour_is_known_with_all_that_was_learnt_of_it(workplace):
    workplace.learn(9, ann=Record(completed=4, position=9), eve=Record(completed=7, position=3))
    await workplace.knowledge.start()
    workplace.elsewhere = [neighbour("eve", busy=1)]
    workplace.is_busy = True
    await workplace.scheduler.advance(LOOK_SECONDS)
    assert beyond(workplace) == [("eve", 1, 3)]
    assert beyond(workplace, "languages:python") == [("eve", 1, 3)]
    assert beyond(workplace, "languages:rust") == []
    belief = workplace.router.believed(KIND)
    assert {name: seen.attempts for name, seen in belief.seen.items()} == {
        "ann": 4,
        "bob": 0,
        "eve": 7,
    }


async def test_of_several_hosts_of_a_neighbour_the_one_with_most_room_is_asked(workplace):
    workplace.elsewhere = [neighbour("eve", busy=3), neighbour("eve", busy=1, host=2)]
    await workplace.knowledge.start()
    assert beyond(workplace) == [("eve", 2, 3)]


async def test_who_is_hosted_here_or_full_or_bounded_is_no_neighbour(workplace):
    workplace.elsewhere = [neighbour(name) for name in ("ann", "eve", "fay")]
    workplace.elsewhere.append(neighbour("gus", busy=4))
    workplace.recorded.stati["eve"] = AgentStatus.DRAINING
    workplace.recorded.moved["fay"] = Standing(state=State.HALF_OPEN, room=1)
    await workplace.knowledge.start()
    assert beyond(workplace) == []


async def test_a_neighbour_is_asked_for_tasks_of_its_host_s_queues_only(workplace):
    workplace.elsewhere = [
        neighbour("eve", queues=["default", "slow"]),
        neighbour("eve", busy=1, host=2, queues=["fast", "default"]),
    ]
    await workplace.knowledge.start()
    assert beyond(workplace) == [("eve", 1, 4)]
    assert beyond(workplace, queue="slow") == [("eve", 1, 4)]
    assert beyond(workplace, queue="fast") == [("eve", 2, 3)]
    assert beyond(workplace, queue="other") == []


async def test_a_neighbour_behind_an_open_breaker_of_its_host_is_none(workplace):
    url = "https://agents.example:8443/eve"
    workplace.elsewhere = [neighbour("eve", reached_by=Transport(type="http", url=url))]
    await workplace.knowledge.start()
    assert beyond(workplace) == [("eve", 1, 4)]
    workplace.recorded.moved[transport_breaker(url)] = Standing(state=State.OPEN, room=0)
    await workplace.knowledge.look()
    assert beyond(workplace) == []
