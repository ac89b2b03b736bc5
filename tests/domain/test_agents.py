"""What may be said of an agent, and what follows from it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st

from arbiter.domain import agents
from arbiter.domain.agent_status import GIVEN, AgentStatus
from arbiter.domain.agents import Agent, profile_of, remember
from arbiter.domain.errors import AgentAlreadyExists, AgentGone, ArbiterError
from arbiter.domain.facts import (
    AgentFact,
    AgentRegistered,
    AgentRetired,
    AgentStatusChanged,
    AgentUpdated,
)
from arbiter.testing.builders import NOON

ID = UUID(int=7)
LATER = NOON + timedelta(hours=1)


def described(at=NOON, **profile: Any) -> AgentRegistered:
    return AgentRegistered(
        agent_id=ID, name="ruff", version=1, at=at, **{"kinds": ("review",)} | profile
    )


def an_agent(*facts: AgentFact, **profile: Any) -> Agent:
    agent = remember([described(**profile), *facts])
    assert agent is not None
    return agent


def given_status(status: AgentStatus, *, by: str | None = "ann", version: int = 2):
    return AgentStatusChanged(
        agent_id=ID, name="ruff", version=version, at=NOON, status=status, by=by
    )


RETIRED = AgentRetired(agent_id=ID, name="ruff", version=2, at=NOON)


def test_who_is_registered_first_is_available():
    assert agents.register(None, described()) == described()
    assert an_agent().status is AgentStatus.AVAILABLE


@pytest.mark.parametrize("mode", ["idempotent", "strict"])
def test_who_has_retired_begins_anew(mode):
    again = agents.register(an_agent(RETIRED), described(LATER, kinds=("format",)), mode=mode)
    assert again == AgentRegistered(
        agent_id=ID, name="ruff", version=3, at=LATER, kinds=("format",)
    )
    assert an_agent(RETIRED, again).status is AgentStatus.AVAILABLE


def test_to_register_the_same_again_says_nothing():
    assert agents.register(an_agent(weight=2.0), described(LATER, weight=2.0)) is None


def test_to_register_another_profile_updates_it_whole():
    before = an_agent(languages=("python",))
    update = agents.register(before, described(LATER, weight=2.0))
    assert isinstance(update, AgentUpdated)
    assert (update.version, update.at, update.languages, update.weight) == (2, LATER, (), 2.0)


def test_strict_refuses_a_name_that_is_taken_even_for_the_same_profile():
    with pytest.raises(AgentAlreadyExists, match="'ruff' is registered already"):
        agents.register(an_agent(), described(), mode="strict")


def test_an_update_changes_what_it_names_and_keeps_the_rest():
    before = an_agent(languages=("python",), cost_per_task=0.5)
    update = agents.update(before, {"cost_per_task": 0.25}, at=LATER, by="ann")
    assert update is not None
    assert (update.languages, update.cost_per_task, update.by) == (("python",), 0.25, "ann")
    assert profile_of(an_agent(update).profile) == profile_of(update)


def test_an_update_to_what_it_is_says_nothing():
    assert agents.update(an_agent(), {"weight": 1.0}, at=LATER) is None


def test_an_update_leaves_the_status_as_it_is():
    busy = an_agent(given_status(AgentStatus.MAINTENANCE))
    update = agents.update(busy, {"weight": 2.0}, at=LATER)
    assert agents.evolve(busy, update).status is AgentStatus.MAINTENANCE


@pytest.mark.parametrize("after", sorted(GIVEN))
@pytest.mark.parametrize("before", sorted(GIVEN))
def test_any_status_may_follow_any_other(before, after):
    agent = an_agent(given_status(before))
    change = agents.change_status(agent, after, at=LATER, by="ben", why="because")
    if before is after:
        assert change is None
    else:
        assert change == AgentStatusChanged(
            agent_id=ID, name="ruff", version=3, at=LATER, status=after, by="ben", why="because"
        )
        changed = agents.evolve(agent, change)
        told = (changed.status, changed.status_by, changed.status_why, changed.status_at)
        assert told == (after, "ben", "because", LATER)


def test_a_retired_agent_cannot_be_changed():
    gone = an_agent(RETIRED)
    with pytest.raises(AgentGone, match="cannot update 'ruff'"):
        agents.update(gone, {"weight": 2.0}, at=LATER)
    with pytest.raises(AgentGone, match="cannot change the status of 'ruff'"):
        agents.change_status(gone, AgentStatus.AVAILABLE, at=LATER)


def test_retiring_twice_is_once():
    assert agents.retire(an_agent(), at=NOON) == RETIRED
    assert agents.retire(an_agent(RETIRED), at=LATER) is None


def test_who_was_missed_is_back_when_a_worker_hosts_it():
    missed = an_agent(given_status(AgentStatus.OFFLINE, by=None))
    back = agents.host(missed, at=LATER)
    assert back is not None
    assert (back.status, back.by) == (AgentStatus.AVAILABLE, None)


@pytest.mark.parametrize("status", sorted(GIVEN))
def test_what_a_person_said_stands_whoever_hosts_it(status):
    assert agents.host(an_agent(given_status(status)), at=LATER) is None


def test_a_worker_does_not_bring_back_who_retired():
    assert agents.host(an_agent(RETIRED), at=LATER) is None


@pytest.mark.parametrize("status", sorted(AgentStatus))
def test_who_is_missed_goes_offline_once(status):
    agent = an_agent(RETIRED if status is AgentStatus.RETIRED else given_status(status))
    missed = agents.miss(agent, since=NOON, at=LATER)
    if status in (AgentStatus.OFFLINE, AgentStatus.RETIRED):
        assert missed is None
    else:
        assert (missed.status, missed.by) == (AgentStatus.OFFLINE, None)
        assert "2030" in missed.why or "since" in missed.why


@for_any(
    st.lists(
        st.one_of(
            st.sampled_from(sorted(GIVEN)).map(lambda status: ("status", status)),
            st.just(("retire", None)),
            st.floats(0.1, 9).map(lambda weight: ("register", weight)),
            st.floats(0.1, 9).map(lambda weight: ("update", weight)),
        ),
        max_size=20,
    )
)
def test_any_orders_tell_one_story(orders):
    """Refusals change nothing; replay leads to the same agent; versions have no gap."""
    agent: Agent | None = an_agent()
    story: list[AgentFact] = [described()]
    for order, value in orders:
        try:
            match order:
                case "status":
                    fact = agents.change_status(agent, value, at=NOON)
                case "retire":
                    fact = agents.retire(agent, at=NOON)
                case "register":
                    fact = agents.register(agent, described(weight=value))
                case _:
                    fact = agents.update(agent, {"weight": value}, at=NOON)
        except ArbiterError:
            continue
        if fact is not None:
            story.append(fact)
            agent = agents.evolve(agent, fact)
    assert remember(story) == agent
    assert [fact.version for fact in story] == [*range(1, len(story) + 1)]


def test_a_person_s_offline_stands_where_the_registry_had_found_the_same():
    there = an_agent()
    missed = agents.miss(there, since=NOON, at=LATER)
    assert missed is not None
    offline = agents.evolve(there, missed)
    said = agents.change_status(offline, AgentStatus.OFFLINE, at=LATER, by="ann", why="vacation")
    assert said is not None
    away = agents.evolve(offline, said)
    assert (away.status_by, away.status_why) == ("ann", "vacation")
    assert agents.change_status(away, AgentStatus.OFFLINE, at=LATER, by="ann") is None
    assert agents.host(away, at=LATER) is None
