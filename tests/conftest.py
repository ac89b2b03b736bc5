"""What every test may ask for: a database of its own, on a server that all of them share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict

import pytest

from tests.support.database import Choice, Database, Databases, choose, serving

CHOICE = pytest.StashKey[Choice]()
CLEANUP = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        # A shell that runs us in the background has Ctrl-C ignored, by the commands we start as well.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.stash[CLEANUP] = ExitStack()
    told = getattr(config, "workerinput", {}).get("database")
    config.stash[CHOICE] = Choice(**told) if told else choose()


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[CLEANUP].close()


def pytest_report_header(config: pytest.Config) -> str:
    return f"database: {config.stash[CHOICE].told}"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Tell a process of pytest-xdist which server to use; a container is started once, here."""
    config = node.config
    choice = config.stash[CHOICE]
    if choice.kind == "container":
        dsn = config.stash[CLEANUP].enter_context(serving(choice, config.rootpath))
        choice = config.stash[CHOICE] = Choice("given", choice.told, dsn=dsn)
    node.workerinput["database"] = asdict(choice)


@pytest.fixture(scope="session")
def server_dsn(pytestconfig: pytest.Config, tmp_path_factory) -> Iterator[str]:
    """The connection string of a server on which tests may create databases."""
    base = tmp_path_factory.getbasetemp()
    is_one_of_many = hasattr(pytestconfig, "workerinput")
    with serving(
        pytestconfig.stash[CHOICE], (base.parent if is_one_of_many else base) / "postgres"
    ) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def databases(server_dsn: str) -> Iterator[Databases]:
    databases = Databases(server_dsn)
    yield databases
    databases.close()


@pytest.fixture
def database(databases: Databases) -> Iterator[Database]:
    """A database like new with our schema; after the test whoever is still connected is thrown out."""
    with databases.migrated() as database:
        yield database


@pytest.fixture
def empty_database(databases: Databases) -> Iterator[Database]:
    """A fresh database with nothing in it."""
    with databases.empty() as database:
        yield database
