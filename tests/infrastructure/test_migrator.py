"""What the migrator promises: each migration once, in order, by whoever comes first."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest
from psycopg import errors

from arbiter.domain.errors import InvalidInput, Unavailable
from arbiter.infrastructure.embedded.binaries import find_binaries
from arbiter.infrastructure.embedded.errors import EmbeddedUnavailable
from arbiter.infrastructure.postgres.migration_errors import (
    DatabaseTooOld,
    MigrationChanged,
    MigrationFailed,
    SchemaNotMigrated,
)
from arbiter.infrastructure.postgres.migration_files import migrations
from arbiter.infrastructure.postgres.migrator import check, dump_sql, migrate, status
from arbiter.infrastructure.postgres.roles import grant_runtime_role
from arbiter.infrastructure.postgres.sql import HERE, in_schema, load

FIRST = "CREATE TABLE arbiter.first_steps (id bigserial PRIMARY KEY);\n"
SECOND = """-- Two statements, one of them with a percent sign.
ALTER TABLE arbiter.first_steps ADD COLUMN name text NOT NULL DEFAULT '100 %';
CREATE FUNCTION arbiter.count_steps() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT count(*) FROM arbiter.first_steps WHERE 'arbiter.first_steps'::regclass IS NOT NULL
$$;
"""


@pytest.fixture
def folder(tmp_path):
    """A short history of its own: the tests below are about migrating, not about our tables."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_first_steps.sql").write_text(FIRST)
    (folder / "0002_name_the_steps.sql").write_text(SECOND)
    return folder


def ask(dsn, sql, **options):
    with psycopg.connect(dsn, autocommit=True, **options) as connection:
        answer = connection.execute(sql)
        return answer.fetchall() if answer.description else None


def names(applied):
    return [migration.name for migration in applied]


def test_migrations_are_applied_in_order_and_once(empty_database, folder):
    dsn = empty_database.dsn
    assert names(migrate(dsn, "arbiter", folder=folder)) == ["first_steps", "name_the_steps"]
    assert migrate(dsn, "arbiter", folder=folder) == []
    assert ask(dsn, "SELECT arbiter.count_steps()") == [(0,)]


def test_a_later_version_adds_what_is_new(empty_database, folder):
    migrate(empty_database.dsn, "arbiter", folder=folder)
    (folder / "0003_more.sql").write_text("CREATE TABLE arbiter.more ();")
    assert names(migrate(empty_database.dsn, "arbiter", folder=folder)) == ["more"]


def test_six_who_migrate_at_once_apply_each_migration_once(empty_database, folder):
    at_once = Barrier(6)

    def run():
        at_once.wait()
        return migrate(empty_database.dsn, "arbiter", folder=folder)

    with ThreadPoolExecutor(6) as pool:
        done = [applied for run in [pool.submit(run) for _ in range(6)] for applied in run.result()]
    assert sorted(names(done)) == ["first_steps", "name_the_steps"]


def test_one_waits_for_the_other_and_then_finds_nothing_to_do(empty_database, folder):
    (folder / "0002_name_the_steps.sql").unlink()
    with (
        psycopg.connect(empty_database.dsn) as first,
        ThreadPoolExecutor(1) as pool,
    ):
        first.execute("CREATE SCHEMA arbiter")
        key = dump_sql("arbiter", folder=folder).partition("pg_advisory_xact_lock(")[2]
        first.execute("SELECT pg_advisory_xact_lock(%s)", (int(key.partition(")")[0]),))
        first.execute(load("create_migrations", "arbiter"))
        (migration,) = migrations(folder)
        second = pool.submit(migrate, empty_database.dsn, "arbiter", folder=folder)
        wait_until_one_waits_for_a_lock(empty_database.dsn)
        record = {"number": 1, "name": migration.name, "checksum": migration.checksum}
        first.execute(load("record_migration", "arbiter"), record)
        first.commit()
        assert second.result(timeout=20) == []


def wait_until_one_waits_for_a_lock(dsn):
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
    while ask(dsn, waiting) == [(0,)]:  # the timeout of the test is the deadline
        pass


def test_two_schemas_of_one_database_do_not_meet(empty_database, folder):
    for schema in ("arbiter", "Second-Home"):
        assert len(migrate(empty_database.dsn, schema, folder=folder)) == 2
    assert ask(empty_database.dsn, 'SELECT "Second-Home".count_steps()') == [(0,)]


def test_the_status_tells_what_was_applied_and_what_is_missing(empty_database, folder):
    before = status(empty_database.dsn, "arbiter", folder=folder)
    assert before.applied == ()
    assert [migration.label for migration in before.pending] == [
        "0001_first_steps",
        "0002_name_the_steps",
    ]
    migrate(empty_database.dsn, "arbiter", folder=folder)
    after = status(empty_database.dsn, "arbiter", folder=folder)
    assert after.pending == ()
    assert [applied.label for applied in after.applied] == [
        "0001_first_steps",
        "0002_name_the_steps",
    ]
    assert after.applied[0].applied_at <= after.applied[1].applied_at


def test_asking_for_the_status_creates_nothing(empty_database, folder):
    status(empty_database.dsn, "arbiter", folder=folder)
    assert ask(empty_database.dsn, "SELECT to_regnamespace('arbiter')") == [(None,)]


def test_a_changed_migration_is_refused_and_nothing_is_applied(empty_database, folder):
    migrate(empty_database.dsn, "arbiter", folder=folder)
    (folder / "0001_first_steps.sql").write_text(FIRST + "-- nothing but a comment\n")
    (folder / "0003_more.sql").write_text("CREATE TABLE arbiter.more ();")
    for act in (migrate, status, check):
        with pytest.raises(MigrationChanged, match="another text of 0001_first_steps"):
            act(empty_database.dsn, "arbiter", folder=folder)
    assert ask(empty_database.dsn, "SELECT to_regclass('arbiter.more')") == [(None,)]


def test_other_line_ends_are_no_change(empty_database, folder):
    migrate(empty_database.dsn, "arbiter", folder=folder)
    (folder / "0002_name_the_steps.sql").write_bytes(SECOND.replace("\n", "\r\n").encode())
    assert migrate(empty_database.dsn, "arbiter", folder=folder) == []


def test_a_failing_migration_leaves_nothing_of_itself_and_keeps_those_before_it(
    empty_database, folder
):
    (folder / "0003_broken.sql").write_text("CREATE TABLE arbiter.more (); SELECT 1 / 0;")
    with pytest.raises(
        MigrationFailed, match="migration 0003_broken: division by zero; it was roll"
    ):
        migrate(empty_database.dsn, "arbiter", folder=folder)
    assert ask(empty_database.dsn, "SELECT to_regclass('arbiter.more')") == [(None,)]
    assert len(status(empty_database.dsn, "arbiter", folder=folder).applied) == 2


def test_an_unmigrated_schema_is_told_what_it_lacks_and_what_to_run(empty_database, folder):
    with pytest.raises(
        SchemaNotMigrated,
        match=r"lacks 2 migrations \(0001_first_steps, 0002_name.*\); run 'arbiter db migrate'",
    ):
        check(empty_database.dsn, "arbiter", folder=folder)
    migrate(empty_database.dsn, "arbiter", folder=folder)
    check(empty_database.dsn, "arbiter", folder=folder)


def test_a_schema_that_is_ahead_of_this_version_is_welcome(empty_database, folder):
    migrate(empty_database.dsn, "arbiter", folder=folder)
    (folder / "0002_name_the_steps.sql").unlink()
    check(empty_database.dsn, "arbiter", folder=folder)
    assert migrate(empty_database.dsn, "arbiter", folder=folder) == []


def test_an_old_server_is_refused(empty_database, monkeypatch):
    monkeypatch.setattr("arbiter.infrastructure.postgres.migrator.OLDEST_SERVER", 99)
    with pytest.raises(DatabaseTooOld, match="version 99 or newer is needed"):
        check(empty_database.dsn, "arbiter")


def test_an_unreachable_server_is_told_in_one_line(tmp_path):
    with pytest.raises(Unavailable) as refused:
        status(f"host={tmp_path} dbname=postgres", "arbiter")
    assert len(str(refused.value).splitlines()) == 1


def test_files_that_are_not_numbered_or_share_a_number_are_refused(folder):
    (folder / "0002_again.sql").touch()
    with pytest.raises(ValueError, match="share a number"):
        migrations(folder)
    (folder / "0002_again.sql").rename(folder / "third.sql")
    with pytest.raises(ValueError, match=r"third\.sql is not named like"):
        migrations(folder)


@pytest.mark.parametrize("schema", ["", 'a"b', "a'b", "100%", "pg_mine", "1st", "x" * 64, "a.b"])
def test_a_schema_has_a_plain_name(schema):
    with pytest.raises(InvalidInput, match=r"schema: .* is no name for it"):
        dump_sql(schema)


def test_only_the_placeholder_is_replaced():
    text = b"""SELECT arbiter.a, x.arbiter.b, "arbiter".c, my_arbiter.d, 'arbiter.e', arbiter .f"""
    assert in_schema(text, "S") == (
        b"""SELECT "S".a, x.arbiter.b, "arbiter".c, my_arbiter.d, '"S".e', arbiter .f"""
    )


def psql():
    try:
        beside = find_binaries().folder / "psql"
    except EmbeddedUnavailable:
        return shutil.which("psql")
    return beside if beside.exists() else shutil.which("psql")


@pytest.mark.skipif(psql() is None, reason="no psql")
@pytest.mark.parametrize("schema", ["arbiter", "Second-Home"])
def test_the_dumped_script_makes_what_migrating_makes(empty_database, tmp_path, schema):
    script = tmp_path / "arbiter.sql"
    script.write_text(dump_sql(schema))
    order = [psql(), "--no-psqlrc", "--quiet", "-d", empty_database.dsn, "-f", script]
    assert subprocess.run(order, capture_output=True, check=False).returncode == 0
    assert migrate(empty_database.dsn, schema) == []
    check(empty_database.dsn, schema)
    again = subprocess.run(order, capture_output=True, text=True, check=False)
    assert again.returncode == 3
    assert "migrations_pkey" in again.stderr


def test_every_placeholder_of_ours_is_replaced_in_every_file():
    queries = [file for file in (HERE / "queries").iterdir() if file.name.endswith(".sql")]
    assert queries
    texts = [migration.text for migration in migrations()] + [file.read_bytes() for file in queries]
    for text in texts:
        code = [line.partition(b"--")[0] for line in in_schema(text, "other").splitlines()]
        assert not [line for line in code if b"arbiter." in line]


class TestTheRuntimeRole:
    @pytest.fixture
    def runtime(self, database):
        """A connection string of the runtime role; dropped again, as roles outlive databases."""
        role = f"runtime_{database.name}"
        grant_runtime_role(database.dsn, "arbiter", role)
        yield role
        ask(database.dsn, f"DROP OWNED BY {role}; DROP ROLE {role}")

    def try_as(self, database, role, sql):
        with psycopg.connect(database.dsn) as connection:
            connection.execute(f"SET ROLE {role}")
            return connection.execute(sql)

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE arbiter.facts SET topic = 'other'",
            "DELETE FROM arbiter.facts",
            "TRUNCATE arbiter.facts",
            "DELETE FROM arbiter.log_times",
            "INSERT INTO arbiter.migrations VALUES (9999, '', '', clock_timestamp())",
            "ALTER TABLE arbiter.facts DISABLE TRIGGER ALL",
            "DROP TABLE arbiter.facts",
            "CREATE TABLE arbiter.mine ()",
        ],
    )
    def test_it_cannot_rewrite_what_happened(self, database, runtime, sql):
        with pytest.raises(errors.InsufficientPrivilege):
            self.try_as(database, runtime, sql)

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT arbiter.enter_log()",
            "SELECT arbiter.channel()",
            "SELECT number FROM arbiter.migrations",
            """INSERT INTO arbiter.facts (originator_id, originator_version, topic, state)
               VALUES (gen_random_uuid(), 1, 'some.topic', '')""",
            "UPDATE arbiter.ready_tasks SET due = true",
            "DELETE FROM arbiter.workers",
        ],
    )
    def test_it_can_do_what_a_worker_does(self, database, runtime, sql):
        self.try_as(database, runtime, sql)

    def test_granting_again_covers_new_tables_and_takes_back_what_is_too_much(
        self, database, runtime
    ):
        ask(database.dsn, f"GRANT UPDATE ON arbiter.facts TO {runtime}")
        ask(database.dsn, "CREATE TABLE arbiter.more ()")
        grant_runtime_role(database.dsn, "arbiter", runtime)
        self.try_as(database, runtime, "DELETE FROM arbiter.more")
        with pytest.raises(errors.InsufficientPrivilege):
            self.try_as(database, runtime, "UPDATE arbiter.facts SET topic = 'other'")

    def test_a_role_that_stands_above_the_grants_is_refused(self, database):
        (owner,) = ask(database.dsn, "SELECT current_user")[0]
        with pytest.raises(InvalidInput, match="owns the tables or is a superuser"):
            grant_runtime_role(database.dsn, "arbiter", owner)

    def test_an_unmigrated_schema_has_nothing_to_grant(self, empty_database):
        with pytest.raises(SchemaNotMigrated):
            grant_runtime_role(empty_database.dsn, "arbiter", "nobody_yet")
