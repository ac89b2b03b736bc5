"""`arbiter doctor` finds what is wrong, and says what to do about it."""

from __future__ import annotations

import psycopg
import pytest


@pytest.fixture
def alter(database):
    """Change a database behind Arbiter's back."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        yield connection.execute


def found(cli, *words, code=0):
    told = cli("doctor", *words, "--json", code=code).json
    return {check["name"]: check for check in told["checks"]} | {"": told}


@pytest.fixture
def lives(greeting):
    """Tasks in many places of their lives."""
    greeting.wait(greeting.submit("greet", "Ada").task_id, 10)
    greeting.wait(greeting.submit("greet", "boom").task_id, 10)
    greeting.redrive(greeting.wait(greeting.submit("greet", "boom").task_id, 10).task_id, payload=1)
    held = greeting.submit("greet", any_kind=True, hold="look first").task_id
    other = greeting.submit(
        "other", [1], any_kind=True, priority=3, requires={"gpu": ["yes"]}
    ).task_id
    greeting.reschedule(other, priority=9)
    greeting.suspend(greeting.submit("other", any_kind=True).task_id)
    greeting.cancel(greeting.submit("other", any_kind=True).task_id)
    return [str(held), str(other)]


@pytest.mark.parametrize("words", [[], ["--all"]])
def test_a_sound_database_has_no_problem(cli, lives, words):
    checks = found(cli, *words)
    assert checks[""]["verdict"] == "warning", "one role owns the log and runs"
    assert {
        name for name, check in checks.items() if check.get("verdict") == "warning" and name
    } <= {
        "role",
        "durability",
    }
    assert "7 tasks, folded from the log, fits ready_tasks" in checks["log"]["told"]
    assert checks["workers"]["told"] == "1 is there"


def test_each_check_is_a_line_for_people(cli, lives):
    shown = cli("doctor").out
    for name in (
        "settings",
        "server",
        "migrations",
        "append-only",
        "role",
        "log",
        "views",
        "workers",
    ):
        assert f"\n{name} " in shown
    assert "→ run with another role: 'arbiter db migrate --runtime-role NAME' makes one" in shown
    assert shown.endswith("it works; see the warnings\n")


@pytest.mark.parametrize("width", [80, 120])
def test_the_findings_fit_the_terminal(cli, width):
    lines = cli.with_environ(COLUMNS=str(width))("doctor").out.splitlines()
    assert max(map(len, lines)) <= width


def test_settings_are_shown_without_secrets(cli, database):
    dsn = psycopg.conninfo.make_conninfo(database.dsn, password="hunter2")
    ran = cli("doctor", "--dsn", dsn, "--json")
    assert "hunter2" not in ran.out + ran.err
    assert ran.json["settings"]["database_url"] == "**********"
    assert ran.json["settings"]["schema"] == "arbiter"


def test_a_guard_that_is_gone_is_a_problem(cli, alter):
    alter("ALTER TABLE arbiter.facts DISABLE TRIGGER facts_are_never_changed")
    guard = found(cli, code=1)["append-only"]
    assert (guard["verdict"], "of facts:" in guard["told"]) == ("problem", True)
    assert "something is wrong; see the problems" in cli("doctor", code=1).out


@pytest.mark.parametrize("words", [[], ["--all"]])
@pytest.mark.parametrize(
    "fault",
    [
        (
            "UPDATE arbiter.ready_tasks SET status = 'queued' WHERE task_id = '{0}'",
            "status is held in the log",
        ),
        (
            "UPDATE arbiter.ready_tasks SET priority = 1 WHERE task_id = '{1}'",
            "priority is 9 in the log and 1",
        ),
        ("DELETE FROM arbiter.ready_tasks WHERE task_id = '{0}'", "is held and has no row"),
    ],
)
def test_a_row_that_does_not_fit_the_log_is_a_problem(cli, lives, alter, words, fault):
    change, said = fault
    alter(change.format(*lives))
    log = found(cli, *words, code=1)["log"]
    assert log["verdict"] == "problem"
    assert said in log["told"]


def test_a_row_without_facts_is_found_among_all(cli, lives, alter):
    alter(
        "INSERT INTO arbiter.ready_tasks SELECT (jsonb_populate_record(ready, jsonb_build_object("
        "'task_id', 'ffffffff-ffff-7fff-bfff-ffffffffffff'))).* FROM arbiter.ready_tasks AS ready LIMIT 1"
    )
    assert "has a row and no facts" in found(cli, "--all", code=1)["log"]["told"]


def test_a_projection_that_stopped_is_a_problem(cli, lives, alter):
    cli("task", "list")
    alter(
        "UPDATE arbiter.projections SET error = 'ValueError: no', error_position = 3"
        " WHERE name = 'task_board_v1'"
    )
    views = found(cli, code=1)["views"]
    assert views["told"] == "task_board_v1 stopped at position 3: ValueError: no"


def test_work_without_a_worker_is_a_warning(cli, arbiter):
    arbiter.submit("greet", any_kind=True)
    assert found(cli)["workers"]["told"] == "1 task queued, and no worker is there"


def test_a_queue_that_nobody_serves_is_a_warning(cli, greeting):
    greeting.submit("greet", queue="night")
    assert found(cli)["workers"]["told"] == "nobody serves queue night"


def test_a_missing_migration_ends_the_visit(nowhere, empty_database):
    at_empty = nowhere.with_environ(ARBITER_DATABASE_URL=empty_database.dsn)
    checks = found(at_empty, code=3)
    assert (checks["server"]["verdict"], checks["migrations"]["verdict"]) == ("ok", "problem")
    assert checks["migrations"]["advice"] == "run 'arbiter db migrate'"
    assert "log" not in checks


def test_a_database_that_is_away_is_a_finding(nowhere):
    away = nowhere.with_environ(ARBITER_DATABASE_URL="postgresql://ada:hunter2@127.0.0.1:1/x")
    checks = found(away, code=3)
    assert (checks["settings"]["verdict"], checks["database"]["verdict"]) == ("ok", "problem")
    assert checks["database"]["advice"] == "start it, or name another with --dsn"


def test_a_pooler_without_a_way_around_it_is_a_warning(cli):
    assert "listen_url" in found(cli.with_environ(ARBITER_POOLED="true"))["settings"]["told"]
