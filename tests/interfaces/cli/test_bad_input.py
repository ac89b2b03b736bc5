"""Every mistake of a caller: one line, the right exit code, and nothing is written."""

from __future__ import annotations

import json

import pytest

from tests.interfaces.cli.conftest import facts_in

LARGE = "x" * (256 * 1024)
NOBODY = "01a204a8-4e0e-75bf-a1c6-09a3ac038df6"

BAD = {
    "unknown kind": (["submit", "greet"], 1, "kind: 'greet' has never been hosted by an agent"),
    "payload no JSON": (
        ["submit", "g", "hello"],
        2,
        "payload: not JSON: expecting value at line 1",
    ),
    "payload over the limit": (
        ["submit", "g", f'"{LARGE}"'],
        2,
        "payload: 262,146 bytes of JSON are over",
    ),
    "payload of a lower limit": (
        ["submit", "g", f'"{"x" * 2000}"', "--config", "small.toml"],
        2,
        "payload: 2,002 bytes of JSON are over the limit of 1,024",
    ),
    "NaN": (["submit", "g", '{"a": [NaN]}'], 2, "payload.a[0]: nan is not a JSON number"),
    "Infinity": (["submit", "g", "--", "-Infinity"], 2, "payload: -inf is not a JSON number"),
    "too large a float": (["submit", "g", "1e999"], 2, "payload: inf is not a JSON number"),
    "integer over 64 bit": (
        ["submit", "g", '{"a": 18446744073709551616}'],
        2,
        "payload.a: an integer of more than 64 bit",
    ),
    "lone surrogate": (
        ["submit", "g", '{"a": "\\ud800"}'],
        2,
        "payload.a: a lone surrogate is not",
    ),
    "U+0000": (["submit", "g", '"a\\u0000b"'], 2, "payload: U+0000 cannot be stored in text"),
    "key twice": (
        ["submit", "g", '{"a": 1, "a": 2}'],
        2,
        "payload: not JSON to us: the key 'a' stands twice",
    ),
    "no kind": (["submit"], 2, "KIND: is missing"),
    "kind of two words": (
        ["submit", "two words"],
        2,
        "kind: 'two words' is not a name; use one word",
    ),
    "priority out of range": (
        ["submit", "g", "-p", "11"],
        2,
        "priority: input should be less than or equal",
    ),
    "backoff of no kind": (
        ["submit", "g", "--backoff", "wild"],
        2,
        "retry.backoff: must be 'linear'",
    ),
    "no attempts": (
        ["submit", "g", "--max-attempts", "0"],
        2,
        "retry.max_attempts: 0 is out of range",
    ),
    "no span": (["submit", "g", "--timeout", "soon"], 2, "--timeout: 'soon' is no span of time"),
    "empty span": (["submit", "g", "--total", ""], 2, "--total: '' is no span of time"),
    "no moment": (["submit", "g", "--not-before", "soon"], 2, "--not-before: 'soon' is no moment"),
    "no need": (
        ["submit", "g", "--requires", "python"],
        2,
        "--requires: 'python' is not name=value",
    ),
    "many and one": (["submit", "--many", "x", "--wait"], 2, "--wait: is for one task"),
    "no file of many": (
        ["submit", "--many", "nothing"],
        2,
        "--many: nothing cannot be read: No such file",
    ),
    "malformed id": (["task", "show", "x1"], 2, "task_id: 'x1' is not an id; write it like"),
    "malformed long id": (
        ["task", "cancel", NOBODY + "0"],
        2,
        f"task_id: '{NOBODY}0' is not an id",
    ),
    "unknown id": (["task", "history", NOBODY], 1, f"task_id: there is no task {NOBODY}"),
    "unknown id, changed": (["task", "cancel", NOBODY], 1, f"task_id: there is no task {NOBODY}"),
    "beginning of no id": (
        ["task", "show", NOBODY[:13]],
        1,
        "task_id: no task begins with '01a204a8-4e0e'",
    ),
    "unknown status": (
        ["task", "list", "-s", "done"],
        2,
        "status: 'done' is none; one of pending, held",
    ),
    "no cursor": (["task", "list", "--after", "x"], 2, "after: 'x' is no cursor"),
    "no limit": (["task", "list", "--limit", "0"], 2, "limit: 0 is out of range; give 1 to 1000"),
    "no time since": (["task", "list", "--since", "ever"], 2, "--since: 'ever' is no moment"),
    "nothing to reschedule": (["task", "reschedule", NOBODY], 2, "priority: nothing to change"),
    "no digest": (
        ["task", "approve", NOBODY, "--until", "soon"],
        2,
        "--until: 'soon' is no moment",
    ),
    "redrive nothing": (["task", "redrive"], 2, "TASK: name one task, or conditions for many"),
    "redrive both": (
        ["task", "redrive", NOBODY, "--where-kind", "g"],
        2,
        "TASK: name one task, or",
    ),
    "redrive many to one payload": (
        ["task", "redrive", "--where-kind", "g", "--payload", "1", "--yes"],
        2,
        "--payload: is for one task",
    ),
    "redrive unasked": (
        ["task", "redrive", "--where-kind", "g"],
        2,
        "--yes: is missing; nobody can be asked",
    ),
    "clean up unasked": (["task", "clean-up", "--older-than", "1h"], 2, "--yes: is missing"),
    "no age": (
        ["task", "stale", "--older-than", "old"],
        2,
        "--older-than: 'old' is no span of time",
    ),
    "no queue": (
        ["queue", "pause", "two words"],
        2,
        "queue: 'two words' is not a name; use one word",
    ),
    "queue without room": (["queue", "limit", "default", "0"], 2, "limit: 0 is no number of tasks"),
    "queue limit no number": (
        ["queue", "limit", "default", "few"],
        2,
        "limit: 'few' is no number of tasks",
    ),
    "no window": (["stats", "--window", "long"], 2, "--window: 'long' is no number of minutes"),
    "window of nothing": (
        ["stats", "--window", "0"],
        2,
        "window_minutes: 0 is too few; give 1 or more",
    ),
    "no schema": (["stats", "--schema", "a b"], 2, "schema (in the options): String should match"),
    "a schema of the server's": (
        ["stats", "--schema", "pg_x"],
        2,
        "schema: 'pg_x' is no name for it",
    ),
    "no TOML": (
        ["stats", "--config", "wrong.toml"],
        2,
        "wrong.toml: not TOML: Invalid value (at line 1",
    ),
    "no setting": (
        ["stats", "--config", "unknown.toml"],
        2,
        "concurency: unknown setting in the environment or unknown.toml; did you mean 'concurrency'?",
    ),
    "no file": (
        ["stats", "--config", "nothing.toml"],
        2,
        "nothing.toml: cannot be read: No such file",
    ),
    "no database named": (["stats", "--dsn", " "], 2, "--dsn: is empty"),
    "no connection string": (
        ["stats", "--dsn", "hunter2"],
        2,
        "database_url: cannot be read as a connection",
    ),
    "no module": (
        ["worker", "nothing_of_this_name"],
        2,
        "MODULE: there is no module 'nothing_of_this_name'",
    ),
    "nothing to review": (
        ["demo", "nowhere"],
        2,
        "PATH: nowhere does not exist; name a Python file",
    ),
    "no part": (["bench", "--only", "everything"], 2, "only: "),
}


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text("payload_limit = 1024\n")
    (tmp_path / "wrong.toml").write_text("concurrency = \n")
    (tmp_path / "unknown.toml").write_text("[arbiter]\nconcurency = 3\n")


@pytest.mark.parametrize("name", BAD)
def test_a_mistake_is_one_line_and_writes_nothing(cli, database, name):
    words, code, said = BAD[name]
    ran = cli(*words, code=code)
    assert ran.error.startswith(f"error: {said}")
    assert ran.out == ""
    assert facts_in(database) == 0


@pytest.mark.parametrize("name", ["NaN", "unknown id", "no setting"])
def test_a_mistake_is_told_as_data_with_json(cli, name):
    words, code, said = BAD[name]
    ran = cli(*words, "--json", code=code)
    error = json.loads(ran.err)["error"]
    assert error["message"].startswith(said)
    assert error["code"] == ("invalid_input" if code == 2 else "unknown_task")
    assert ran.out == ""


def test_the_password_of_a_bad_connection_string_is_not_repeated(cli):
    for dsn in ("hunter2", "postgresql://ada:hunter2@[::1/x", "host=x hunter2=1"):
        assert "hunter2" not in cli("stats", "--dsn", dsn, code=2).err


def test_an_illegal_transition_names_the_status_and_writes_nothing(cli, arbiter, database):
    task_id = arbiter.submit("greet", any_kind=True).task_id
    before = facts_in(database)
    error = cli("task", "resume", str(task_id), "--json", code=1).json_error
    assert error["code"] == "illegal_transition"
    assert error["after"] == ["suspended"]
    assert error["message"] == (
        f"status: task.resumed cannot follow while task {task_id} is queued; it follows suspended"
    )
    assert facts_in(database) == before


def test_the_same_key_for_other_work_is_refused(cli, database):
    words = ("submit", "greet", "--any-kind", "--idempotency-key", "k")
    cli(*words, '"this"')
    before = facts_in(database)
    error = cli(*words, '"that"', "--json", code=1).json_error
    assert (error["code"], error["key"]) == ("idempotency_conflict", "k")
    assert facts_in(database) == before


def test_the_nearest_kind_is_named(cli, greeting):
    assert cli("submit", "gret", code=1).error == (
        "error: kind: 'gret' has never been hosted by an agent; did you mean 'greet'?"
        " (--any-kind accepts it and lets it wait for one)"
    )
