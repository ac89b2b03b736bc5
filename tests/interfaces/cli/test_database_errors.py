"""What can be wrong with the database ends every command with 3, in one line."""

from __future__ import annotations

import pytest

from arbiter.infrastructure.postgres.migration_errors import DatabaseTooOld
from arbiter.interfaces.cli.exits import DATABASE, INTERNAL, outcome

NOBODY_LISTENS = "postgresql://ada:hunter2@127.0.0.1:1/arbiter"


@pytest.mark.parametrize(
    "words", [["task", "list"], ["submit", "greet"], ["db", "status"], ["db", "migrate"]]
)
def test_an_unreachable_database_is_named_without_its_password(nowhere, words):
    error = nowhere(*words, "--dsn", NOBODY_LISTENS, code=3).error
    assert error.startswith("error: database: connection failed: connection to server at")
    assert "hunter2" not in error
    told = nowhere(*words, "--dsn", NOBODY_LISTENS, "--json", code=3).json_error
    assert told["code"] == "database_unavailable"


@pytest.mark.parametrize("words", [["task", "list"], ["submit", "greet"], ["stats"]])
def test_a_schema_that_is_not_migrated_names_the_command(nowhere, empty_database, words):
    error = nowhere(*words, "--dsn", empty_database.dsn, code=3).error
    assert error.startswith("error: schema: 'arbiter' lacks ")
    assert error.endswith("; run 'arbiter db migrate'")


def test_a_server_that_is_too_old_is_told(capsys):
    def refuse():
        raise DatabaseTooOld(12, 15)

    assert outcome(refuse, as_json=False) == DATABASE
    assert capsys.readouterr().err == (
        "error: database: the server is PostgreSQL 12; version 15 or newer is needed\n"
    )


def test_a_role_without_rights_is_told(nowhere, database, databases):
    import psycopg

    with psycopg.connect(database.dsn, autocommit=True) as connection:
        name = f"nobody_{database.name[-6:]}"
        connection.execute(f"CREATE ROLE {name} LOGIN")
        try:
            dsn = psycopg.conninfo.make_conninfo(database.dsn, user=name)
            error = nowhere("task", "list", "--dsn", dsn, code=3).error
            assert error.startswith("error: database: permission denied for schema arbiter")
        finally:
            connection.execute(f"DROP ROLE {name}")


def test_an_error_of_our_own_shows_where(capsys):
    def fail():
        raise KeyError("something")

    assert outcome(fail, as_json=False) == INTERNAL
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert told.endswith("error: internal error, please report it: KeyError: 'something'\n")
