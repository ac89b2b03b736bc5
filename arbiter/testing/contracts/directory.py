"""What every directory of agents promises."""

from __future__ import annotations

import asyncio

import pytest

from arbiter.application.agents import agent_id
from arbiter.domain.errors import Conflict
from arbiter.testing.contracts.contract import Contract
from arbiter.testing.contracts.given import Given
from arbiter.testing.contracts.store import Store


class DirectoryContract(Contract):
    """The latest profile of each agent, and every kind there ever was."""

    async def test_an_agent_is_known_as_it_was_registered(self, store: Store, given: Given) -> None:
        await given.agent("ruff", kinds=["code-review", "format"], max_concurrency=4)
        profile = await store.directory.agent("ruff")
        assert profile is not None
        assert (profile.agent_id, profile.name) == (agent_id("ruff"), "ruff")
        assert (profile.version, profile.max_concurrency) == (1, 4)
        assert profile.kinds == {"code-review", "format"}
        assert profile.abilities == frozenset()

    async def test_registering_is_a_fact(self, store: Store, given: Given) -> None:
        registered = await given.agent("ruff", languages=("python",), cost_per_task=0.5)
        assert list(await store.log.stream(agent_id("ruff"))) == [registered]

    async def test_abilities_tell_languages_and_specializations(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff", languages=("python", "sql"), specializations=("security",))
        profile = await store.directory.agent("ruff")
        assert profile is not None
        abilities = {"languages:python", "languages:sql", "specializations:security"}
        assert profile.abilities == abilities

    async def test_nobody_is_known_under_another_name(self, store: Store, given: Given) -> None:
        await given.agent("ruff")
        assert await store.directory.agent("Ruff") is None

    async def test_an_update_replaces_the_whole_profile(self, store: Store, given: Given) -> None:
        await given.agent("ruff", languages=("python",), max_concurrency=4)
        await store.directory.register(
            given.updated("ruff", version=2, kinds=["format"], specializations=("style",))
        )
        profile = await store.directory.agent("ruff")
        assert profile is not None
        assert (profile.version, profile.max_concurrency) == (2, 10)
        assert profile.kinds == {"format"}
        assert profile.abilities == {"specializations:style"}

    async def test_who_registers_second_is_refused(self, store: Store, given: Given) -> None:
        await given.agent("ruff", kinds=["first"])
        with pytest.raises(Conflict):
            await given.agent("ruff", kinds=["second"])
        profile = await store.directory.agent("ruff")
        assert profile is not None
        assert profile.kinds == {"first"}
        assert await store.directory.kinds() == {"first"}

    async def test_of_workers_that_register_at_once_one_comes_first(
        self, store: Store, given: Given
    ) -> None:
        facts = [given.registered("ruff", kinds=[kind]) for kind in "abc"]
        outcomes = await asyncio.gather(
            *(store.directory.register(fact) for fact in facts), return_exceptions=True
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
        assert len(refused) == 2
        assert len(await store.log.stream(agent_id("ruff"))) == 1

    async def test_an_update_at_a_taken_version_is_refused(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff")
        await store.directory.register(given.updated("ruff", version=2, kinds=["first"]))
        with pytest.raises(Conflict):
            await store.directory.register(given.updated("ruff", version=2, kinds=["second"]))
        profile = await store.directory.agent("ruff")
        assert profile is not None
        assert profile.kinds == {"first"}

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
        await store.directory.register(given.updated("ruff", version=2, kinds=["format"]))
        assert await store.directory.kinds() == {"code-review", "format"}

    async def test_a_kind_stays_known_when_nobody_hosts_it(
        self, store: Store, given: Given
    ) -> None:
        await given.agent("ruff")
        me = await given.worker(agents=["ruff"])
        await store.leases.leave(given.left(me))
        assert await store.directory.kinds() == {"code-review"}
