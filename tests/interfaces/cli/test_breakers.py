"""`arbiter breakers …` and `arbiter failures …`: who fails, and what an operator does about it."""

from __future__ import annotations

import pytest

from tests.interfaces.cli.conftest import facts_in


@pytest.fixture
def greeter(arbiter):
    """An agent that is known, and hosted by nobody."""
    arbiter.agent("greeter", kinds={"greet"})(lambda task: task.payload)
    arbiter.start()
    return arbiter


def fail(arbiter, times, kind="greet"):
    tasks = [arbiter.submit(kind, "boom").task_id for _ in range(times)]
    for task in tasks:
        arbiter.wait(task, timeout=20)
    arbiter.views.catch_up()


def test_a_breaker_is_opened_closed_and_told_of(cli, greeter):
    opened = cli(
        "breakers", "open", "greeter", "--for", "10m", "--why", "new model", "--by", "ann", "--json"
    ).json
    assert (opened["name"], opened["state"], opened["by"]) == ("greeter", "open", "ann")
    assert opened["why"] == "new model"
    assert opened["until"] is not None
    (listed,) = cli("breakers", "list", "--json").json["breakers"]
    assert (listed["state"], listed["version"]) == ("open", 1)
    assert "new model" in cli("breakers", "list").out
    assert cli("breakers", "close", "greeter").out == "breaker greeter: closed\n"
    assert cli("breakers", "open", "greeter").out == "breaker greeter: open\n"
    assert cli("breakers", "reset", "greeter", "--json").json["state"] == "closed"
    greeter.views.catch_up()
    lines = [line for line in greeter.views.audit_trail(limit=1000) if "breaker" in line.topic]
    assert [(line.topic, line.actor) for line in lines] == [
        ("breaker.opened", "ann"),
        ("breaker.closed", "ada"),
        ("breaker.opened", "ada"),
        ("breaker.closed", "ada"),
    ]


def test_a_transport_s_breaker_is_opened_by_its_host(cli):
    told = cli("breakers", "open", "transport:https://a.example:8443", "--json").json
    assert (told["name"], told["state"]) == ("transport:https://a.example:8443", "open")


def test_no_breaker_says_so(cli):
    assert cli("breakers", "list").out == "no breaker has moved, and none counts failures\n"
    assert cli("breakers", "list", "--json").json["breakers"] == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("open", "nobody"), 1, "agent: no agent is registered as 'nobody'"),
        (("close", "greeter"), 1, "breaker: breaker.closed cannot follow"),
        (("reset", "greeter"), 1, "breaker: breaker.closed cannot follow"),
        (("open", "greeter", "--for", "soon"), 2, "--for: 'soon' is no span of time"),
        (("open", "greeter", "--for", "0"), 2, "seconds: 0 is no time to stay open"),
        (("open", "transport:nowhere"), 2, "name: 'transport:nowhere' names no transport"),
        (("open", ""), 2, "name:"),
    ],
)
@pytest.mark.usefixtures("greeter")
def test_what_cannot_be_meant_is_refused_in_one_line(cli, database, words, code, said):
    before = facts_in(database)
    assert cli("breakers", *words, code=code).error.startswith(f"error: {said}")
    assert facts_in(database) == before


def test_an_agent_that_fails_is_told_of_with_its_failures(cli, greeting):
    fail(greeting, 2)
    (breaker,) = cli("breakers", "list", "--json").json["breakers"]
    assert (breaker["name"], breaker["state"], breaker["failures"]) == ("greeter", "closed", 2)
    told = cli("failures", "list", "--json").json
    (pattern,) = told["patterns"]
    assert (pattern["agent"], pattern["type"], pattern["seen"]) == ("greeter", "ValueError", 2)
    assert pattern["task_kinds"] == {"greet": 2}
    assert told["totals"] == {
        "agents": {"greeter": 2},
        "kinds": {"exception": 2},
        "types": {"ValueError": 2},
    }
    assert "there was a boom" in cli("failures", "list").out
    shown = cli("failures", "show", pattern["fingerprint"], "--json").json
    assert len(shown["examples"]) == 2
    assert shown["examples"][0]["message"] == "there was a boom"
    text = cli("failures", "show", pattern["fingerprint"]).out
    assert shown["examples"][1]["task_id"] in text
    assert cli("failures", "list", "--agent", "other", "--json").json["patterns"] == []
    assert cli("failures", "list", "--kind", "timeout", "--json").json["patterns"] == []
    assert len(cli("failures", "list", "--since", "1h", "--json").json["patterns"]) == 1
    assert cli("breakers", "reset", "greeter", "--why", "mended").out == "breaker greeter: closed\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "0123456789abcdef"), 1, "fingerprint: no failure pattern is known"),
        (("list", "--kind", "bad"), 2, "kind: 'bad' is no kind of failure"),
        (("list", "--since", "soon"), 2, "--since: 'soon' is no moment"),
        (("list", "--limit", "0"), 2, "limit: 0 is out of range"),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused(cli, words, code, said):
    assert cli("failures", *words, code=code).error.startswith(f"error: {said}")


def test_no_failure_says_so(cli):
    assert cli("failures", "list").out == "no failure is known\n"
