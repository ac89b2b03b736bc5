"""Agents that were registered before there was a registry are in it afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest

from arbiter.application.agents import agent_id
from arbiter.domain.agent_status import AgentStatus
from arbiter.domain.errors import RegistryFull
from arbiter.domain.facts import AgentRegistered, encode
from arbiter.infrastructure.postgres.migrator import migrate
from arbiter.infrastructure.postgres.sql import HERE
from arbiter.testing.builders import NOON
from tests.support.stores import postgres_store

INSERT = """
INSERT INTO arbiter.agents (name, agent_id, version, kinds, kinds_ever, abilities, max_concurrency, profile)
VALUES (%s, %s, 1, %s, %s, '{}', 10, %s)
"""


def registered(name: str) -> AgentRegistered:
    return AgentRegistered(
        agent_id=agent_id(name), name=name, version=1, at=NOON, kinds=("review",)
    )


@pytest.fixture
def before(tmp_path):
    """The migrations there were before."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    for path in Path(str(HERE / "migrations")).glob("000[1-5]_*.sql"):
        shutil.copy(path, folder)
    return folder


async def test_agents_from_before_are_available_and_counted(empty_database, before):
    migrate(empty_database.dsn, "arbiter", folder=before)
    with psycopg.connect(empty_database.dsn, autocommit=True) as connection:
        for name in ("ruff", "bandit"):
            fact = registered(name)
            kinds = list(fact.kinds)
            told = (name, fact.agent_id, kinds, kinds, encode(fact).decode())
            connection.execute(INSERT, told)
    migrate(empty_database.dsn, "arbiter")
    async with postgres_store(empty_database) as store:
        bandit, ruff = await store.directory.agents()
        assert (bandit.name, ruff.name) == ("bandit", "ruff")
        assert (ruff.status, ruff.registered_at) == (AgentStatus.AVAILABLE, NOON)
        assert ruff.profile == registered("ruff")
        assert (await store.directory.presence())["ruff"].seen_at == NOON
        with pytest.raises(RegistryFull):
            await store.directory.append(registered("radon"), limit=2)
        await store.directory.append(registered("radon"), limit=3)
        assert len(await store.directory.agents()) == 3
