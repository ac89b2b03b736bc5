"""`arbiter submit --many`: a file of work comes in whole, or not at all."""

from __future__ import annotations

import json
import os
import pty
from contextlib import suppress

import pytest

from tests.interfaces.cli.conftest import facts_in


@pytest.fixture
def lines(tmp_path):
    def write(*items):
        path = tmp_path / "work.jsonl"
        text = "\n".join(item if isinstance(item, str) else json.dumps(item) for item in items)
        path.write_text(text + "\n")
        return str(path)

    return write


def test_every_line_is_a_task(cli, arbiter, lines):
    items = [{"kind": "greet", "payload": number} for number in range(2_500)]
    told = cli("submit", "--many", lines(*items), "--any-kind", "--json").json
    assert (told["submitted"], told["repeated"], told["refused"]) == (2_500, 0, [])
    assert len(set(told["task_ids"])) == 2_500
    assert arbiter.status(told["task_ids"][2_077]).payload == 2_077


def test_options_hold_for_the_lines_that_say_nothing_else(cli, arbiter, lines):
    file = lines({"payload": 1}, "", {"kind": "other", "priority": 9, "timeout": "1m", "by": "ann"})
    words = ("submit", "greet", "--many", file, "--any-kind", "--priority", "2", "--timeout", "5")
    one, two = cli(*words, "--json").json["task_ids"]
    one, two = arbiter.history(one)[0].fact, arbiter.history(two)[0].fact
    assert (one.kind, one.priority, one.limits.start_to_close, one.by) == ("greet", 2, 5, "ada")
    assert (two.kind, two.priority, two.limits.start_to_close, two.by) == ("other", 9, 60, "ann")


def test_a_line_can_say_what_options_can(cli, arbiter, lines):
    wishes = {
        "kind": "greet",
        "queue": "night",
        "tenant": "acme",
        "requires": {"languages": ["python", "go"], "gpu": "yes"},
        "not_before": "+10m",
        "idempotency_key": "k",
        "hold": "look first",
        "max_attempts": 7,
        "backoff": "constant",
        "schedule_to_start": 60,
        "total": 3600.5,
        "any_kind": True,
    }
    [task_id] = cli("submit", "--many", lines(wishes), "--json").json["task_ids"]
    fact = arbiter.history(task_id)[0].fact
    assert (fact.queue, fact.tenant, fact.hold) == ("night", "acme", "look first")
    assert fact.requirements == {"languages": ("python", "go"), "gpu": ("yes",)}
    assert (fact.retry.max_attempts, fact.retry.backoff) == (7, "constant")
    assert (fact.limits.schedule_to_start, fact.limits.total) == (60, 3600.5)


def test_lines_may_come_from_standard_input(cli):
    told = cli("submit", "--many", "-", "--any-kind", input='{"kind": "a"}\n{"kind": "b"}\n')
    assert told.out == "2 submitted\n"


def test_a_key_that_was_used_before_is_told_apart(cli, lines):
    same = {"kind": "greet", "payload": 1, "idempotency_key": "k", "any_kind": True}
    other = same | {"payload": 2}
    cli("submit", "--many", lines(same))
    ran = cli("submit", "--many", lines(same, other, same | {"idempotency_key": "new"}), code=1)
    assert ran.out == "1 submitted, 1 submitted before, by the same keys, 1 refused\n"
    assert ran.error.startswith("error: line 2: idempotency_key: 'k' already belongs to task")
    told = cli("submit", "--many", lines(same, other), "--json", code=1).json
    assert told["task_ids"][1] is None
    assert [(each["line"], each["code"]) for each in told["refused"]] == [
        (2, "idempotency_conflict")
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 3: not JSON: expecting property name enclosed in double quotes at column 2"),
        ("[]", "line 3: is no object; for example"),
        ('{"payload": 1}', "line 3: kind: is missing; name it in the line, or before --many"),
        ('{"kind": "g", "prio": 1}', "line 3: prio: unknown field; did you mean 'priority'?"),
        (
            '{"kind": "g", "priority": 10}',
            "line 3: priority: input should be less than or equal to 9",
        ),
        ('{"kind": "g", "payload": NaN}', "line 3: payload: nan is not a JSON number"),
        ('{"kind": "g", "not_before": 5}', "line 3: not_before: 5 is no text"),
        ('{"kind": "g", "timeout": "soon"}', "line 3: timeout: 'soon' is no span of time"),
        ('{"kind": "g", "timeout": -1}', "line 3: limits.start_to_close: -1 is out of range"),
        ('{"kind": "g", "requires": "python"}', "line 3: requires: is no object; for example"),
        ('{"kind": "g", "queue": 7}', "line 3: queue: input should be a valid string"),
    ],
)
def test_one_bad_line_and_nothing_is_written(cli, database, lines, line, said):
    file = lines({"kind": "g"}, {"kind": "g"}, line, {"kind": "g"})
    assert cli("submit", "--many", file, "--any-kind", code=2).error.startswith(f"error: {said}")
    assert facts_in(database) == 0


def test_one_unknown_kind_at_the_end_and_nothing_is_written(cli, greeting, database, lines):
    before = facts_in(database)
    file = lines(*[{"kind": "greet"}] * 1_500, {"kind": "gret"})
    assert "did you mean 'greet'?" in cli("submit", "--many", file, code=1).error
    assert facts_in(database) == before


def test_who_looks_sees_how_far_it_has_come(cli, lines):
    ours, theirs = pty.openpty()
    file = lines(*[{"kind": "greet"}] * 2_500)
    terminal = cli.with_environ(TERM="xterm")
    process = terminal.start_with("submit", "--many", file, "--any-kind", stderr=theirs)
    os.close(theirs)
    seen = b""
    with suppress(OSError):  # how a terminal's other end tells that nobody is there any more
        while part := os.read(ours, 65536):
            seen += part
    os.close(ours)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "2,500 submitted\n")
    assert b"submitting" in seen
    assert b"2500/2500" in seen
