"""Who may have work: a roster lets nobody have more than their status and their breakers allow."""

from __future__ import annotations

import pytest

from arbiter.application.ports import Standing
from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.breaker import State
from arbiter.domain.facts.transports import Transport
from arbiter.runtime.hosted import HostedAgent, Roster, profile
from arbiter.runtime.knowledge import rooms
from arbiter.testing.builders import NOON

QUEUES = ("default",)
URL = "https://reviews.example/run"


def hosted(name: str, *, slots: int = 4, kinds: str = "review", url: str | None = None):
    reached_by = None if url is None else Transport(type="http", url=url)
    known = profile(name, kinds, at=NOON, concurrency=slots, reached_by=reached_by)
    return HostedAgent(known, lambda task: None)


@pytest.fixture
def roster() -> Roster:
    agents = [hosted("ann"), hosted("bob"), hosted("cat", url=URL)]
    return Roster({agent.name: agent for agent in agents}, 10)


def names(roster: Roster) -> list[str]:
    return [agent.name for agent in roster.candidates("review", ())]


def asked(roster: Roster, *, ahead: bool) -> list[int]:
    return [wanted.how_many for wanted in roster.wanted(QUEUES, 100, ahead=ahead)]


def test_without_a_word_everybody_may_have_work(roster):
    assert names(roster) == ["ann", "bob", "cat"]
    assert (roster.takers, roster.ahead) == (10, 10)
    assert asked(roster, ahead=True) == [4, 4, 4]


def test_who_may_have_none_is_no_candidate_and_nothing_is_claimed_for_it(roster):
    roster.admit({"ann": 0})
    assert names(roster) == ["bob", "cat"]
    assert (roster.takers, roster.ahead) == (8, 8)
    assert asked(roster, ahead=False) == asked(roster, ahead=True) == [4, 4]


def test_where_nobody_may_have_any_nothing_is_wanted(roster):
    roster.admit({"ann": 0, "bob": 0, "cat": 0})
    assert (names(roster), roster.takers, roster.ahead) == ([], 0, 0)
    assert asked(roster, ahead=True) == asked(roster, ahead=False) == []


def test_a_bound_counts_what_is_given_and_not_what_ends(roster):
    roster.admit({"ann": 2, "bob": 0, "cat": 0})
    ann = roster["ann"]
    assert asked(roster, ahead=True) == [2]
    roster.take(ann)
    assert (names(roster), roster.takers, roster.ahead) == (["ann"], 1, 1)
    roster.take(ann)
    roster.let_go(ann)
    assert (names(roster), roster.takers, roster.ahead) == ([], 0, 0)


def test_it_is_told_when_anybody_may_have_more(roster):
    assert not roster.admit({"ann": 0})
    before = roster.changes
    assert not roster.admit({"ann": 0, "bob": 3})
    assert roster.changes == before
    assert roster.admit({"ann": 1, "bob": 3})
    assert roster.admit({"ann": 1})
    assert roster.changes == before + 2
    assert not roster.admit({"ann": 1})


def test_rooms_follow_from_statuses_and_breakers(roster):
    statuses = {"ann": AgentStatus.MAINTENANCE, "bob": AgentStatus.BUSY, "eve": AgentStatus.OFFLINE}
    standings = {
        "ann": Standing(state=State.HALF_OPEN, room=3),
        "bob": Standing(state=State.HALF_OPEN, room=2),
        "transport:https://reviews.example": Standing(state=State.OPEN),
    }
    assert rooms(roster, statuses, standings) == {"ann": 0, "bob": 2, "cat": 0}
    assert rooms(roster, {}, {}) == {}


@pytest.mark.parametrize("status", AgentStatus)
def test_only_the_available_and_the_busy_get_new_tasks(roster, status):
    gets_some = "ann" not in rooms(roster, {"ann": status}, {})
    assert gets_some is (status.value in {"available", "busy"})
