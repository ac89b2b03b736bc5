"""`arbiter agents …` and `arbiter worker --agents`: the registry on the command line."""

from __future__ import annotations

import signal

import pytest

from tests.interfaces.cli.conftest import facts_in
from tests.interfaces.cli.test_worker import until

FILE = """
[agents.greeter]
kinds = ["greet"]
handler = "greeting:greet"

[agents.shouter]
kinds = ["shout"]
languages = ["english"]
weight = 2.0
transport = { type = "subprocess", command = ["python3", "shout.py"] }
"""
PROGRAM = """
import json, sys
task = json.load(sys.stdin)
json.dump({"result": task["payload"].upper()}, sys.stdout)
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "greeting.py").write_text("def greet(task):\n    return {'hello': task.payload}\n")
    (tmp_path / "shout.py").write_text(PROGRAM)
    (tmp_path / "agents.toml").write_text(FILE)
    return tmp_path


def register(cli, name="ruff", *more):
    return cli("agents", "register", name, "--kind", "review", *more)


def test_an_agent_is_registered_shown_and_listed(cli, arbiter):
    told = register(
        cli, "ruff", "-k", "format", "--language", "python", "--weight", "2", "--cost", "0.5"
    )
    assert told.out == "ruff available\n"
    shown = cli("agents", "show", "ruff", "--json").json
    assert (shown["name"], shown["kinds"]) == ("ruff", ["format", "review"])
    assert (shown["weight"], shown["cost_per_task"], shown["live"]) == (2.0, 0.5, False)
    card = cli("agents", "show", "ruff").out
    assert "languages        python\n" in card
    assert "not live, no worker hosts it" in card
    listed = cli("agents", "list", "--json").json
    assert [agent["name"] for agent in listed["agents"]] == ["ruff"]
    line = cli("agents", "list").out.splitlines()[1]
    assert line.split()[:4] == ["ruff", "available", "not", "live"]
    assert cli("agents", "list", "--kind", "audit").out == "no such agent is registered\n"


def test_a_status_is_given_by_somebody_for_a_reason(cli, arbiter):
    register(cli)
    said = cli("agents", "status", "ruff", "maintenance", "--by", "ann", "--why", "a new version")
    assert said.out == "ruff maintenance\n"
    assert "by ann: a new version" in cli("agents", "show", "ruff").out
    assert cli("agents", "status", "ruff", "available", "--json").json["status_by"] == "ada"


def test_an_agent_is_retired_and_comes_back(cli, arbiter):
    register(cli)
    assert cli("agents", "retire", "ruff", "--why", "replaced").out == "ruff retired\n"
    assert cli("agents", "list", "--json").json["agents"] == []
    retired = cli("agents", "list", "--status", "retired", "--json").json["agents"]
    assert [agent["name"] for agent in retired] == ["ruff"]
    refused = cli("agents", "status", "ruff", "busy", "--json", code=1).json_error
    assert refused["code"] == "agent_retired"
    assert register(cli).out == "ruff available\n"


def test_agents_are_found_by_what_they_can(cli, arbiter):
    register(cli, "ruff", "--language", "python")
    register(cli, "bandit", "--language", "python", "--specialization", "security")
    found = cli("agents", "find", "review", "--language", "python", "--json").json["matches"]
    assert [match["name"] for match in found] == ["bandit", "ruff"]
    table = cli("agents", "find", "review", "--specialization", "security").out
    assert "does review, is at home in security" in table
    assert "ruff" not in table
    assert cli("agents", "find", "review", "--live").out == "no agent fits\n"


def test_stats_tell_of_the_whole_registry(cli, arbiter):
    register(cli)
    register(cli, "bandit")
    cli("agents", "status", "bandit", "draining")
    told = cli("agents", "stats", "--json").json
    assert (told["agents"], told["limit"]) == (2, 1000)
    assert told["statuses"] == {"available": 1, "draining": 1}
    assert "2 of 1,000" in cli("agents", "stats").out


def test_agents_nobody_met_are_taken_as_offline(cli, arbiter):
    register(cli)
    assert "every agent was met lately" in cli("agents", "clean-up").out
    told = cli("agents", "clean-up", "--older-than", "0").out
    assert told.startswith("ruff is offline: no work, no answer and no host since 20")


def test_a_file_is_registered_whole(cli, arbiter, files):
    told = cli("agents", "register", "--file", str(files / "agents.toml"), "--json").json
    assert [agent["name"] for agent in told["agents"]] == ["greeter", "shouter"]
    shouter = cli("agents", "show", "shouter", "--json").json
    assert (shouter["transport"], shouter["weight"]) == ("subprocess", 2.0)
    assert shouter["reached_by"]["command"] == ["python3", "shout.py"]


def test_a_remote_agent_is_registered_by_options(cli, arbiter):
    register(cli, "deep", "--url", "https://a.example/r", "--health-url", "https://a.example/h")
    reached = cli("agents", "show", "deep", "--json").json["reached_by"]
    assert (reached["type"], reached["url"]) == ("http", "https://a.example/r")
    register(cli, "cat", "--command", "cat -u '/tmp/a b'", "--timeout", "5s")
    reached = cli("agents", "show", "cat", "--json").json["reached_by"]
    assert (reached["command"], reached["timeout_seconds"]) == (["cat", "-u", "/tmp/a b"], 5.0)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["register"], "invalid_input", "NAME: is missing"),
        (["register", "x"], "invalid_agent_data", "kinds: "),
        (["register", "two words", "-k", "a"], "invalid_agent_data", "name: 'two words'"),
        (["register", "x", "-k", "a", "--weight", "-1"], "invalid_agent_data", "weight: "),
        (["register", "x", "-k", "a", "--url", "ftp://x"], "invalid_input", "url: 'ftp://x'"),
        (["register", "x", "-k", "a", "--command", "''"], "invalid_input", "command: "),
        (["register", "x", "-k", "a", "--command", "'"], "invalid_input", "--command: "),
        (["register", "x", "-k", "a", "--timeout", "5s"], "invalid_input", "--timeout: "),
        (["register", "x", "--file", "agents.toml"], "invalid_input", "NAME: cannot stand"),
        (["register", "-k", "a", "--file", "agents.toml"], "invalid_input", "--kind: cannot"),
        (["register", "--file", "none.toml"], "invalid_agent_data", "none.toml: cannot be read"),
        (["status", "x", "asleep"], "invalid_agent_data", "status: 'asleep' is no status"),
        (["find", "a", "--min-success-rate", "2"], "invalid_agent_data", "min_success_rate: "),
        (["clean-up", "--older-than", "soon"], "invalid_input", "--older-than: "),
    ],
)
def test_what_cannot_be_meant_ends_with_2_and_writes_nothing(cli, database, words, code, told):
    error = cli("agents", *words, "--json", code=2).json_error
    assert error["code"] == code
    assert error["message"].startswith(told)
    assert facts_in(database) == 0


@pytest.mark.parametrize("words", [["show"], ["retire"], ["status"]])
def test_an_unknown_agent_is_refused_with_the_nearest(cli, arbiter, words):
    register(cli)
    more = ["busy"] if words == ["status"] else []
    error = cli("agents", *words, "rufff", *more, "--json", code=1).json_error
    assert (error["code"], error["nearest"]) == ("agent_not_found", "ruff")


def test_strict_refuses_a_name_that_is_taken(cli, arbiter):
    register(cli)
    error = cli("agents", "register", "ruff", "-k", "a", "--strict", "--json", code=1).json_error
    assert error["code"] == "agent_already_exists"


def test_a_full_registry_is_told(cli, arbiter):
    full = cli.with_environ(ARBITER_AGENT_LIMIT="1")
    register(full)
    error = full("agents", "register", "other", "-k", "a", "--json", code=1).json_error
    assert (error["code"], error["limit"]) == ("registry_full", 1)


def test_a_worker_hosts_what_a_file_describes(cli, arbiter, files):
    process = cli.start("worker", "--agents", "agents.toml")
    try:
        lines = until(process, "stop with")
        assert lines[1:3] == ["  greeter: greet, 10 at a time", "  shouter: shout, 10 at a time"]
        task_id = arbiter.submit("greet", "Ada").task_id
        assert arbiter.wait(task_id, 20).result == {"hello": "Ada"}
        assert arbiter.wait(arbiter.submit("shout", "ada").task_id, 20).result == "ADA"
        assert arbiter.agents.show("shouter").live
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=20)
        assert out.endswith("stopped\n")
        assert not arbiter.agents.show("shouter").live
    finally:
        process.kill()
        process.communicate()


def test_a_worker_without_anything_to_host_is_told(cli, tmp_path):
    assert cli.run("worker", code=2).error == (
        "error: MODULE: is missing; name a module, or a file with --agents"
    )
    (tmp_path / "bad.toml").write_text("[agents.ruff]\nkinds = []\n")
    error = cli.run("worker", "--agents", "bad.toml", code=2).error
    assert error.startswith("error: bad.toml:2: agents.ruff.kinds: ")
