"""`arbiter task list|show|history|wait`: what can be seen of tasks."""

from __future__ import annotations

import shlex

import pytest


@pytest.fixture
def some(arbiter):
    """Three tasks that differ in everything that can be asked for."""
    make = arbiter.submit
    return [
        make("greet", 1, any_kind=True).task_id,
        make("greet", 2, any_kind=True, queue="night", hold="look first").task_id,
        make("review", 3, any_kind=True, tenant="acme").task_id,
    ]


def listed(cli, *words):
    return [task["task_id"] for task in cli("task", "list", "--json", *words).json["tasks"]]


def test_tasks_are_listed_newest_first_without_any_worker(cli, some):
    assert listed(cli) == [str(task_id) for task_id in reversed(some)]
    shown = cli("task", "list").out.splitlines()
    assert [line.split()[0] for line in shown] == ["task", *map(str, reversed(some))]


@pytest.mark.parametrize(
    ("words", "places"),
    [
        (["--status", "held"], [1]),
        (["-s", "held", "-s", "queued"], [2, 1, 0]),
        (["--kind", "greet"], [1, 0]),
        (["--queue", "night"], [1]),
        (["--tenant", "acme"], [2]),
        (["--text", "look FIRST"], [1]),
        (["--since", "1h"], [2, 1, 0]),
        (["--since", "2999-01-01"], []),
        (["--agent", "nobody"], []),
        (["--error", "ValueError"], []),
    ],
)
def test_conditions_narrow_the_list(cli, some, words, places):
    assert listed(cli, *words) == [str(some[place]) for place in places]


def test_pages_follow_one_another(cli, some):
    first = cli("task", "list", "--limit", "2", "--json").json
    second = cli("task", "list", "--limit", "2", "--after", first["next"], "--json").json
    assert [task["task_id"] for task in (*first["tasks"], *second["tasks"])] == [
        str(task_id) for task_id in reversed(some)
    ]
    assert second["next"] is None


def test_a_list_tells_the_command_that_goes_on(cli, some):
    told = cli("task", "list", "--kind", "greet", "-n", "1").out.splitlines()[-1]
    program, *words = shlex.split(told.removeprefix("more: "))
    assert program == "arbiter"
    assert str(some[0]) in cli(*words).out


def test_a_list_of_nothing_says_so(cli):
    assert cli("task", "list").out == "no such tasks\n"


@pytest.mark.parametrize("width", [80, 120])
def test_a_list_fits_the_terminal_and_cuts_no_id(cli, arbiter, width):
    error = "an error message that is much longer than any terminal is wide, " * 3
    task_id = arbiter.submit(
        "a-kind-with-a-very-long-name-indeed", any_kind=True, hold=error
    ).task_id
    lines = cli.with_environ(COLUMNS=str(width))("task", "list").out.splitlines()
    assert max(map(len, lines)) <= width
    assert str(task_id) in lines[1]


def test_one_task_is_shown_with_all_that_matters(cli, arbiter):
    task_id = arbiter.submit(
        "greet",
        {"to": "Ada"},
        any_kind=True,
        hold="look first",
        idempotency_key="k[1]",
        tenant="acme",
    ).task_id
    shown = cli("task", "show", str(task_id)).out
    assert shown.startswith(f"{task_id} is held\n")
    for line in (
        "kind       greet",
        "queue      default, priority 5, tenant acme",
        "key        k[1]",
        "waits for  look first (person)",
        'payload    {"to": "Ada"}',
    ):
        assert line in shown
    told = cli("task", "show", str(task_id), "--json").json
    assert (told["status"], told["payload"], told["waits_for"]) == (
        "held",
        {"to": "Ada"},
        [{"kind": "person", "reason": "look first"}],
    )


def test_a_large_payload_is_cut_for_people_only(cli, arbiter):
    task_id = str(arbiter.submit("greet", ["[bold]x"] * 5_000, any_kind=True).task_id)
    shown = cli("task", "show", task_id).out
    assert len(shown) < 5_000
    assert "characters in all; --json shows them" in shown
    assert '"[bold]x"' in shown
    assert len(cli("task", "show", task_id, "--json").json["payload"]) == 5_000


def test_history_tells_every_fact_as_a_sentence(cli, greeting):
    task_id = greeting.submit("greet", "boom").task_id
    greeting.wait(task_id, 10)
    lines = cli("task", "history", str(task_id)).out.splitlines()
    assert [line.split()[2] for line in lines[2:]] == [
        "pending",
        "queued",
        "assigned",
        "running",
        "failed",
    ]
    assert "A task of kind greet was submitted" in lines[2]
    assert "The run failed after 1 attempt with ValueError: there was a boom" in lines[-1]


def test_history_as_json_holds_the_facts_themselves(cli, greeting):
    task_id = greeting.submit("greet", "Ada", by="ann").task_id
    greeting.wait(task_id, 10)
    told = cli("task", "history", str(task_id), "--json").json
    assert (told["task_id"], told["status"]) == (str(task_id), "completed")
    assert [fact["topic"] for fact in told["facts"]] == [
        f"task.{name}" for name in ("submitted", "validated", "routed", "started", "completed")
    ]
    positions = [fact["position"] for fact in told["facts"]]
    assert positions == sorted(positions)
    first, last = told["facts"][0], told["facts"][-1]
    assert (first["by"], first["fact"]["payload"]["body"]) == ("ann", "Ada")
    assert last["fact"]["result"]["body"] == {"hello": "Ada"}
    assert last["sentence"].startswith("The attempt completed it in")


@pytest.mark.parametrize("width", [80, 120])
def test_a_history_fits_the_terminal(cli, greeting, width):
    task_id = greeting.submit("greet", "boom", hold="a reason that is not short " * 5).task_id
    cli("task", "approve", str(task_id), "--why", "it looks good to me " * 5)
    greeting.wait(task_id, 10)
    lines = cli.with_environ(COLUMNS=str(width))("task", "history", str(task_id)).out.splitlines()
    assert max(map(len, lines)) <= width


def test_waiting_ends_with_the_task(cli, greeting):
    task_id = str(greeting.submit("greet", "Ada").task_id)
    assert cli("task", "wait", task_id, "--json").json["result"] == {"hello": "Ada"}
    task_id = str(greeting.submit("greet", "boom").task_id)
    assert (
        cli("task", "wait", task_id, "--timeout", "1m", "--json", code=1).json["status"] == "failed"
    )


def test_the_beginning_of_an_id_is_enough_when_nobody_shares_it(cli, arbiter):
    keyed = {"any_kind": True, "tenant": "t"}
    one = str(arbiter.submit("greet", "one", idempotency_key="a", **keyed).task_id)
    arbiter.submit("greet", "two", idempotency_key="b", **keyed)
    assert cli("task", "show", one[:8], "--json").json["payload"] == "one"
    assert cli("task", "cancel", one[:13].upper(), "--json").json["status"] == "cancelled"


def test_the_beginning_of_several_ids_is_refused(cli, some):
    error = cli("task", "show", str(some[0])[:8], "--json", code=1).json_error
    assert error["code"] == "unknown_task"
    assert sorted(error["found"]) == sorted(map(str, some))
    assert "3 tasks begin with" in error["message"]
