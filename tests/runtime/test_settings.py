"""Settings: one value from the environment, a file or names; mistakes told in a line; secrets kept."""

from __future__ import annotations

import pickle
import traceback

import psycopg
import pytest

from arbiter import ArbiterError, Settings, aio, connect
from arbiter.infrastructure.postgres.migration_errors import SchemaNotMigrated

SECRET = "postgresql://ann:hunter2@db.example:5432/prod"


def refusal(call, *arguments, **named):
    with pytest.raises(ArbiterError) as no:
        call(*arguments, **named)
    said = str(no.value)
    assert no.value.code == "invalid_input"
    assert "\n" not in said
    assert "hunter2" not in said
    return said


def test_an_empty_variable_says_nothing():
    environ = {"ARBITER_DATABASE_URL": "", "ARBITER_CONCURRENCY": "", "ARBITER_SCHEMA": ""}
    assert Settings.from_env(environ) == Settings()


def test_an_empty_variable_of_an_unknown_name_is_refused():
    said = refusal(Settings.from_env, {"ARBITER_CONCURENCY": ""})
    assert "did you mean 'concurrency'" in said


def test_everything_has_a_default():
    settings = Settings()
    assert (settings.dsn, settings.queues, settings.concurrency) == (None, ("default",), 10)
    assert (settings.beat_seconds, settings.lease_seconds) == (5, 30)


def test_the_environment_is_read_where_one_says_so(monkeypatch):
    monkeypatch.setenv("ARBITER_CONCURRENCY", "99")
    assert Settings().concurrency == 10
    assert connect().settings.concurrency == 10
    environ = {
        "ARBITER_DATABASE_URL": SECRET,
        "ARBITER_CONCURRENCY": "4",
        "ARBITER_QUEUES": "one, two",
        "ARBITER_POOLED": "true",
        "ARBITER_SCHEMA": "team_a",
        "ARBITER_LEASE_SECONDS": "12.5",
        "ARBITER_TEST_DSN": "ignored",
        "HOME": "/",
    }
    settings = Settings.from_env(environ)
    assert (settings.dsn, settings.concurrency, settings.queues) == (SECRET, 4, ("one", "two"))
    assert (settings.pooled, settings.schema_name, settings.lease_seconds) == (True, "team_a", 12.5)


@pytest.mark.parametrize("table", ["", "[arbiter]\n"])
def test_a_file_is_read_and_the_environment_is_over_it(tmp_path, table):
    file = tmp_path / "arbiter.toml"
    file.write_text(f'{table}concurrency = 3\nqueues = ["a", "b"]\nbeat_seconds = 1\n')
    assert Settings.from_file(file).queues == ("a", "b")
    environ = {"ARBITER_CONFIG": str(file), "ARBITER_CONCURRENCY": "5"}
    settings = Settings.from_env(environ)
    assert (settings.concurrency, settings.queues, settings.beat_seconds) == (5, ("a", "b"), 1)


def test_an_unknown_name_is_refused_with_the_nearest(tmp_path):
    said = refusal(Settings.from_env, {"ARBITER_CONCURENCY": "4"})
    assert "concurency" in said
    assert "did you mean 'concurrency'" in said
    file = tmp_path / "a.toml"
    file.write_text("lease_second = 3\n")
    said = refusal(Settings.from_file, file)
    assert str(file) in said
    assert "'lease_seconds'" in said
    assert "did you mean 'queues'" in refusal(connect, queue="mine")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("concurrency", "many"),
        ("concurrency", 0),
        ("concurrency", 1.5),
        ("beat_seconds", -1),
        ("beat_seconds", float("nan")),
        ("lease_seconds", "soon"),
        ("drain_seconds", float("inf")),
        ("queues", ""),
        ("queues", ["a", ""]),
        ("queues", 7),
        ("schema", "no good; DROP"),
        ("payload_limit", 10),
        ("database_url", 5),
        ("pooled", "perhaps"),
    ],
)
def test_a_value_that_cannot_be_meant_names_its_setting(name, value):
    assert name in refusal(connect, **{name: value})


def test_a_lease_shorter_than_two_beats_is_refused():
    assert "lease_seconds" in refusal(connect, beat_seconds=5, lease_seconds=6)


@pytest.mark.parametrize("text", ["concurrency = ", "[arbiter", "arbiter = 3", "\x00", "é = 1"])
def test_a_file_that_is_no_toml(tmp_path, text):
    file = tmp_path / "bad.toml"
    file.write_text(text, encoding="latin-1")
    assert str(file) in refusal(Settings.from_file, file)


def test_a_file_that_is_not_there(tmp_path):
    assert "missing.toml" in refusal(Settings.from_file, tmp_path / "missing.toml")
    assert "missing.toml" in refusal(
        Settings.from_env, {"ARBITER_CONFIG": str(tmp_path / "missing.toml")}
    )


def test_secrets_are_never_shown():
    settings = Settings.of({"database_url": SECRET, "listen_url": SECRET})
    arbiter = connect(settings=settings)
    for shown in (
        repr(settings),
        str(settings),
        f"{settings!r}",
        settings.model_dump_json(),
        repr(arbiter),
        repr(arbiter.core),
        str(vars(settings)),
    ):
        assert "hunter2" not in shown
    assert pickle.loads(pickle.dumps(settings)).dsn == SECRET


def test_settings_are_frozen():
    with pytest.raises(Exception, match="frozen"):
        Settings().concurrency = 5


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://ann:hunter2@127.0.0.1:1/none",
        "host=/nowhere user=ann password=hunter2",
        "postgresql://ann:hunter2@no.such.host.invalid/none",
    ],
)
def test_a_database_that_cannot_be_reached(dsn):
    arbiter = connect(dsn=dsn)
    for use in (arbiter.stats, arbiter.views.lag):
        with pytest.raises(ArbiterError) as no:
            use()
        told = "".join(traceback.format_exception(no.value))
        assert no.value.code == "database_unavailable"
        assert "\n" not in str(no.value)
        assert "hunter2" not in str(no.value)
        assert "hunter2" not in told
    arbiter.stop()


@pytest.mark.parametrize(
    "dsn", ["postgres hunter2", "postgresql://ann:hunter2@host:port/x", "hunter2=", "host='hunter2"]
)
def test_a_connection_string_that_is_none(dsn):
    arbiter = connect(dsn=dsn)
    with pytest.raises(ArbiterError) as no:
        arbiter.stats()
    assert "\n" not in str(no.value)
    assert "hunter2" not in "".join(traceback.format_exception(no.value))
    arbiter.stop()


def test_a_schema_that_was_never_migrated(empty_database):
    arbiter = connect(dsn=empty_database.dsn)
    with pytest.raises(SchemaNotMigrated) as no:
        arbiter.submit("work", any_kind=True)
    assert "\n" not in str(no.value)
    assert "db migrate" in str(no.value)
    with psycopg.connect(empty_database.dsn) as connection:
        schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'arbiter'"
        assert connection.execute(schemas).fetchone() == (0,)
    arbiter.stop()


async def test_the_async_door_says_the_same(empty_database):
    arbiter = aio.connect(dsn=empty_database.dsn)
    with pytest.raises(SchemaNotMigrated):
        await arbiter.start()
    await arbiter.stop()
