"""`arbiter db migrate|status|dump-sql`."""

from __future__ import annotations

import psycopg
import pytest

from arbiter.infrastructure.postgres.migration_files import migrations
from tests.interfaces.cli.conftest import facts_in

LABELS = [migration.label for migration in migrations()]


@pytest.fixture
def fresh(nowhere, empty_database):
    return nowhere.with_environ(ARBITER_DATABASE_URL=empty_database.dsn)


def test_an_empty_database_is_migrated_once(fresh):
    status = fresh("db", "status", "--json", code=3).json
    assert (status["applied"], status["pending"]) == ([], LABELS)
    assert "missing: run 'arbiter db migrate'" in fresh("db", "status", code=3).out
    assert fresh("db", "migrate").out == "".join(f"applied {label}\n" for label in LABELS)
    assert fresh("db", "migrate", "--json").json == {
        "schema": "arbiter",
        "applied": [],
        "runtime_role": None,
    }
    assert fresh("db", "migrate").out == "schema arbiter has every migration\n"
    status = fresh("db", "status", "--json").json
    assert ([each["migration"] for each in status["applied"]], status["pending"]) == (LABELS, [])
    assert all(label in fresh("db", "status").out for label in LABELS)


def test_another_schema_is_another_world(fresh):
    fresh("db", "migrate", "--schema", "shop")
    fresh("submit", "greet", "--any-kind", "--schema", "shop")
    fresh("db", "status", code=3)


def test_the_sql_makes_the_same_of_an_empty_database(nowhere, fresh, empty_database):
    sql = nowhere("db", "dump-sql").out
    assert nowhere("db", "dump-sql", "--json").json == {"schema": "arbiter", "sql": sql}
    with psycopg.connect(empty_database.dsn, autocommit=True) as connection:
        connection.execute(
            "\n".join(line for line in sql.splitlines() if not line.startswith("\\"))
        )
    assert fresh("db", "status", "--json").json["pending"] == []
    fresh("submit", "greet", "--any-kind")
    assert facts_in(empty_database) == 2


def test_a_runtime_role_can_work_and_doctor_says_so(fresh, empty_database):
    role = f"runner_{empty_database.name[-6:]}"
    try:
        assert fresh("db", "migrate", "--runtime-role", role).out.endswith(
            f"role {role} may run workers and submit\n"
        )
        dsn = psycopg.conninfo.make_conninfo(empty_database.dsn, user=role)
        fresh("submit", "greet", "--any-kind", "--dsn", dsn)
        assert "queued" in fresh("task", "list", "--dsn", dsn).out
        checks = fresh("doctor", "--dsn", dsn, "--json").json["checks"]
        told = {check["name"]: check["verdict"] for check in checks}
        assert (told["role"], told["append-only"]) == ("ok", "ok")
    finally:
        with psycopg.connect(empty_database.dsn, autocommit=True) as connection:
            connection.execute(f"DROP OWNED BY {role}")
            connection.execute(f"DROP ROLE {role}")
