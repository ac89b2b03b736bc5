"""What every directory of agents promises."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from arbiter.application.agents import abilities_of, agent_id
from arbiter.application.ports import Presence
from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.agents import profile_of, remember
from arbiter.domain.errors import Conflict, RegistryFull
from arbiter.domain.facts import Transport
from arbiter.testing.contracts.contract import Contract
from arbiter.testing.contracts.given import Given
from arbiter.testing.contracts.store import Store


class AgentsContract(Contract):
    """Each agent as its facts tell it, and every kind there ever was."""

    async def test_an_agent_is_known_as_it_was_registered(self, store: Store, given: Given) -> None:
        await given.agent("ruff", kinds=["code-review", "format"], max_concurrency=4)
        agent = await store.directory.agent("ruff")
        assert agent is not None
        assert (agent.id, agent.name, agent.version) == (agent_id("ruff"), "ruff", 1)
        assert agent.profile.max_concurrency == 4
        assert agent.profile.kinds == ("code-review", "format")
        assert abilities_of(agent.profile) == frozenset()

    async def test_registering_is_a_fact(self, store: Store, given: Given) -> None:
        registered = await given.agent("ruff", languages=("python",), cost_per_task=0.5)
        assert list(await store.log.stream(agent_id("ruff"))) == [registered]

    async def test_abilities_tell_languages_and_specializations(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff", languages=("python", "sql"), specializations=("security",))
        agent = await store.directory.agent("ruff")
        assert agent is not None
        abilities = {"languages:python", "languages:sql", "specializations:security"}
        assert abilities_of(agent.profile) == abilities

    async def test_nobody_is_known_under_another_name(self, store: Store, given: Given) -> None:
        await given.agent("ruff")
        assert await store.directory.agent("Ruff") is None

    async def test_an_update_replaces_the_whole_profile(self, store: Store, given: Given) -> None:
        await given.agent("ruff", languages=("python",), max_concurrency=4)
        await store.directory.append(
            given.updated("ruff", version=2, kinds=["format"], specializations=("style",))
        )
        agent = await store.directory.agent("ruff")
        assert agent is not None
        assert (agent.version, agent.profile.max_concurrency) == (2, 10)
        assert agent.profile.kinds == ("format",)
        assert abilities_of(agent.profile) == {"specializations:style"}

    async def test_who_registers_second_is_refused(self, store: Store, given: Given) -> None:
        await given.agent("ruff", kinds=["first"])
        with pytest.raises(Conflict):
            await given.agent("ruff", kinds=["second"])
        agent = await store.directory.agent("ruff")
        assert agent is not None
        assert agent.profile.kinds == ("first",)
        assert await store.directory.kinds() == {"first"}

    async def test_of_workers_that_register_at_once_one_comes_first(
        self, store: Store, given: Given
    ) -> None:
        facts = [given.registered("ruff", kinds=[kind]) for kind in "abc"]
        outcomes = await asyncio.gather(
            *(store.directory.append(fact) for fact in facts), return_exceptions=True
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
        assert len(refused) == 2
        assert len(await store.log.stream(agent_id("ruff"))) == 1

    async def test_an_update_at_a_taken_version_is_refused(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff")
        await store.directory.append(given.updated("ruff", version=2, kinds=["first"]))
        with pytest.raises(Conflict):
            await store.directory.append(given.updated("ruff", version=2, kinds=["second"]))
        agent = await store.directory.agent("ruff")
        assert agent is not None
        assert agent.profile.kinds == ("first",)

    async def test_no_kind_is_known_where_nobody_registered(self, store: Store) -> None:
        assert await store.directory.kinds() == frozenset()

    async def test_the_kinds_of_all_agents_are_known(self, store: Store, given: Given) -> None:
        await given.agent("ruff", kinds=["code-review", "format"])
        await given.agent("bandit", kinds=["code-review", "audit"])
        assert await store.directory.kinds() == {"code-review", "format", "audit"}

    async def test_a_kind_stays_known_when_its_agent_turns_to_another(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff", kinds=["code-review"])
        await store.directory.append(given.updated("ruff", version=2, kinds=["format"]))
        assert await store.directory.kinds() == {"code-review", "format"}

    async def test_a_kind_stays_known_when_nobody_hosts_it(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff")
        me = await given.worker(agents=["ruff"])
        await store.leases.leave(given.left(me))
        assert await store.directory.kinds() == {"code-review"}

    async def test_an_agent_is_what_its_facts_tell(self, store: Store, given: Given) -> None:
        await given.agent(
            "ruff", weight=2.0, transport="http", reached_by=Transport(type="http", url="http://r")
        )
        await store.directory.append(given.updated("ruff", version=2, kinds=["format"], by="ann"))
        await store.directory.append(
            given.standing(AgentStatus.MAINTENANCE, version=3, by="ann", why="a new version")
        )
        agent = await store.directory.agent("ruff")
        assert agent is not None
        told = remember(await store.log.stream(agent_id("ruff")))
        assert told is not None
        assert profile_of(agent.profile) == profile_of(told.profile)
        assert replace(agent, profile=told.profile) == told

    async def test_all_agents_are_told_by_name(self, store: Store, given: Given) -> None:
        for name in ("ruff", "bandit", "radon"):
            await given.agent(name)
        assert [agent.name for agent in await store.directory.agents()] == [
            "bandit",
            "radon",
            "ruff",
        ]

    async def test_what_changes_is_told_the_next_time(self, store: Store, given: Given) -> None:
        await given.agent("ruff")
        assert [agent.version for agent in await store.directory.agents()] == [1]
        await store.directory.append(given.standing(AgentStatus.BUSY))
        assert [agent.status for agent in await store.directory.agents()] == [AgentStatus.BUSY]

    async def test_a_new_agent_is_available(self, store: Store, given: Given) -> None:
        await given.agent("ruff")
        assert await store.directory.statuses() == {"ruff": AgentStatus.AVAILABLE}

    async def test_a_status_stands_until_another_is_given(self, store: Store, given: Given) -> None:
        await given.agent("ruff")
        await given.agent("bandit")
        await store.directory.append(given.standing(AgentStatus.DRAINING))
        statuses = {"ruff": AgentStatus.DRAINING, "bandit": AgentStatus.AVAILABLE}
        assert await store.directory.statuses() == statuses
        await store.directory.append(given.updated("ruff", version=3, kinds=["format"]))
        assert await store.directory.statuses() == statuses

    async def test_who_is_registered_again_after_retiring_begins_anew(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff")
        await store.directory.append(given.retired(by="ann", why="replaced"))
        assert await store.directory.statuses() == {"ruff": AgentStatus.RETIRED}
        await store.directory.append(given.registered("ruff", version=3))
        agent = await store.directory.agent("ruff")
        assert agent is not None
        assert (agent.status, agent.status_by) == (AgentStatus.AVAILABLE, None)

    async def test_no_more_agents_come_than_there_may_be(self, store: Store, given: Given) -> None:
        await given.agent("ruff", limit=2)
        await given.agent("bandit", limit=2)
        with pytest.raises(RegistryFull):
            await given.agent("radon", limit=2)
        assert await store.directory.agent("radon") is None
        assert list(await store.log.stream(agent_id("radon"))) == []

    async def test_who_retires_makes_room_and_who_returns_takes_it(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff", limit=1)
        await store.directory.append(given.retired())
        await given.agent("bandit", limit=1)
        with pytest.raises(RegistryFull):
            await store.directory.append(given.registered("ruff", version=3), limit=1)
        await store.directory.append(given.registered("ruff", version=3), limit=2)

    async def test_a_full_registry_lets_agents_change(self, store: Store, given: Given) -> None:
        await given.agent("ruff", limit=1)
        await store.directory.append(given.updated(version=2, kinds=["format"]), limit=1)
        await store.directory.append(given.standing(AgentStatus.BUSY, version=3), limit=1)

    async def test_of_many_that_come_at_once_only_so_many_find_room(
        self, store: Store, given: Given
    ) -> None:
        outcomes = await asyncio.gather(
            *(given.agent(f"agent-{number}", limit=3) for number in range(8)),
            return_exceptions=True,
        )
        assert sum(isinstance(outcome, RegistryFull) for outcome in outcomes) == 5
        assert len(await store.directory.agents()) == 3

    async def test_a_change_rings_for_agents(self, store: Store, given: Given) -> None:
        rang: list[str] = []
        heard = asyncio.Event()

        def hear(words: frozenset[str]) -> None:
            rang.extend(words)
            if "agents" in words:
                heard.set()

        end = store.bell.listen(hear)
        await given.agent("ruff")
        await asyncio.wait_for(heard.wait(), 5)
        heard.clear()
        await store.directory.append(given.standing(AgentStatus.BUSY))
        await asyncio.wait_for(heard.wait(), 5)
        end()


class PresenceContract(Contract):
    """When each agent was last met."""

    async def test_who_registers_is_there(self, store: Store, given: Given) -> None:
        registered = await given.agent("ruff")
        assert await store.directory.presence() == {"ruff": Presence(seen_at=registered.at)}

    async def test_who_was_met_later_is_seen_later(self, store: Store, given: Given) -> None:
        registered = await given.agent("ruff")
        await given.agent("bandit")
        later = registered.at + timedelta(hours=1)
        await store.directory.met(["ruff", "nobody"], later)
        assert (await store.directory.presence())["ruff"].seen_at == later
        await store.directory.met(["ruff"], registered.at)
        assert (await store.directory.presence())["ruff"].seen_at == later
        assert (await store.directory.presence())["bandit"].seen_at < later

    async def test_who_answers_was_met(self, store: Store, given: Given) -> None:
        registered = await given.agent("ruff")
        later = registered.at + timedelta(hours=1)
        await store.directory.asked("ruff", later, answers=True)
        assert await store.directory.presence() == {"ruff": Presence(seen_at=later, answers=True)}

    async def test_who_keeps_silent_was_not_met(self, store: Store, given: Given) -> None:
        registered = await given.agent("ruff")
        await store.directory.asked("ruff", registered.at + timedelta(hours=1), answers=False)
        silent = Presence(seen_at=registered.at, answers=False)
        assert await store.directory.presence() == {"ruff": silent}

    async def test_who_is_around_is_who_is_hosted_or_answers(
        self, store: Store, given: Given
    ) -> None:
        for name in ("hosted", "twice", "silent", "answers", "alone", "long-ago", "gone"):
            await given.agent(name)
        await store.directory.append(given.retired("gone"))
        await given.worker(agents=["hosted", "twice", "silent"])
        await given.worker(agents=["twice", "unheard-of"])
        await store.directory.asked("silent", given.later(10), answers=False)
        await store.directory.asked("answers", given.later(10), answers=True)
        await store.directory.asked("long-ago", given.later(-10), answers=True)
        around = await store.directory.around(given.later(5))
        assert [agent.name for agent in around.agents] == [
            *("alone", "answers", "gone", "hosted", "long-ago", "silent", "twice")
        ]
        hosts = {"hosted": 1, "twice": 2, "silent": 1, "unheard-of": 1}
        assert dict(around.hosts) == hosts
        assert around.answering == {"answers"}
        assert around.silent == {"silent"}
        live = {"hosted", "twice", "answers", "unheard-of"}
        assert around.live == live
        assert {name for name in (*hosts, "answers", "alone") if around.is_live(name)} == live

    async def test_who_is_around_is_kept_until_an_agent_changes(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff")
        before = (await store.directory.around(given.now)).agents
        assert (await store.directory.around(given.now)).agents is before
        await store.directory.append(given.standing(AgentStatus.BUSY))
        after = (await store.directory.around(given.now)).agents
        assert [agent.status for agent in after] == [AgentStatus.BUSY]

    async def test_a_host_s_coming_and_going_is_a_sign_of_life(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff")
        me, other = uuid4(), uuid4()
        moments = [given.later(hours * 3600) for hours in (1, 2, 3, 4)]
        seen: list[datetime] = []

        async def look() -> None:
            seen.append((await store.directory.presence())["ruff"].seen_at)

        await store.leases.join(replace(given.joined(me), at=moments[0]))
        await look()
        await store.leases.leave(replace(given.left(me), at=moments[1]))
        await look()
        await store.leases.join(replace(given.joined(other), at=moments[2]))
        await look()
        assert await store.leases.mark_lost(replace(given.lost(other), at=moments[3]))
        await look()
        assert seen == moments


class DirectoryContract(AgentsContract, PresenceContract):
    """Everything an adapter promises of agents; one class for it to subclass."""
