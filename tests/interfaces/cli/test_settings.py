"""Where settings come from: a file, over it the environment, over them the options."""

from __future__ import annotations

import pytest

from arbiter.domain.errors import InvalidInput
from arbiter.interfaces.cli.session import Session, user


@pytest.fixture(autouse=True)
def bare(monkeypatch, nowhere):
    for name in nowhere.others:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "arbiter.toml"
    path.write_text('[arbiter]\nschema = "from_file"\nconcurrency = 3\nqueues = ["a", "b"]\n')
    return path


def test_options_go_over_variables_and_these_over_the_file(file, monkeypatch):
    assert Session(config=file).settings().schema_name == "from_file"
    monkeypatch.setenv("ARBITER_SCHEMA", "from_variable")
    monkeypatch.setenv("ARBITER_QUEUES", "c, d")
    found = Session(config=file).settings()
    assert (found.schema_name, found.concurrency, found.queues) == ("from_variable", 3, ("c", "d"))
    found = Session(config=file, schema="from_option").settings(concurrency=5, queues=None)
    assert (found.schema_name, found.concurrency, found.queues) == ("from_option", 5, ("c", "d"))


def test_the_file_may_be_named_by_a_variable(file, monkeypatch):
    monkeypatch.setenv("ARBITER_CONFIG", str(file))
    assert Session().settings().schema_name == "from_file"


def test_a_named_database_goes_over_all(monkeypatch):
    monkeypatch.setenv("ARBITER_DATABASE_URL", "postgresql://a")
    assert Session().settings().dsn == "postgresql://a"
    assert Session(dsn="postgresql://b").settings().dsn == "postgresql://b"


def test_without_a_database_it_is_the_embedded_one():
    assert Session().settings().dsn is None


def test_an_unknown_variable_is_refused_with_the_nearest(monkeypatch):
    monkeypatch.setenv("ARBITER_CONCURENCY", "3")
    with pytest.raises(
        InvalidInput, match="concurency: unknown setting in the environment; did you mean"
    ):
        Session().settings()


def test_who_asks_is_the_user_unless_named(monkeypatch):
    monkeypatch.setenv("LOGNAME", "grace")
    assert (user(None), user("ann")) == ("grace", "ann")


def test_a_user_without_a_name_is_a_number(monkeypatch):
    import getpass
    import os

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_001)
    monkeypatch.setattr(getpass.os, "getuid", lambda: 4_000_000_001, raising=False)
    assert user(None) == "uid 4000000001"


def test_the_embedded_server_is_shared_by_commands(nowhere, tmp_path):
    at_home = nowhere.with_environ(ARBITER_EMBEDDED_DIR=str(tmp_path / "pg"))
    told = at_home("submit", "greet", "--any-kind", "--json").json
    assert told["task_id"] in at_home("task", "list").out
    assert at_home("db", "status", "--json").json["pending"] == []
    checks = at_home("doctor", "--json").json["checks"]
    assert "embedded" in next(check["told"] for check in checks if check["name"] == "server")
