"""`arbiter task show` and `arbiter task history` say why an agent was chosen."""

from __future__ import annotations

import msgspec
import pytest

from arbiter.domain.facts import Decision
from arbiter.domain.routing import replay


@pytest.fixture
def task_id(arbiter) -> str:
    """A task that either of two agents could have done."""
    arbiter.agent("ruff", kinds="review")(lambda task: task.payload)
    arbiter.agent("bandit", kinds="review", cost_per_task=0.5)(lambda task: task.payload)
    arbiter.start()
    task_id = arbiter.submit("review", 1).task_id
    arbiter.wait(task_id, 10)
    return str(task_id)


def test_a_task_tells_who_could_have_done_it_and_with_what_probability(cli, task_id):
    shown = " ".join(cli("task", "show", task_id).out.split())  # as if the screen were wide
    assert "chosen by" in shown
    assert "thompson v1: " in shown
    for agent, cost in (("ruff", "0"), ("bandit", "0.5")):
        nothing = "nothing known, taken for 80%, load 0%, quality 0.70"
        assert (
            f"{agent}: probability 50.00%, score 0.500; {nothing}, 5,000 ms, cost {cost}" in shown
        )
    assert "2 of 2 recorded, as known at position " in shown
    assert "; the draw was 0." in shown


def test_as_json_it_is_the_recorded_decision_which_replays(cli, task_id):
    told = cli("task", "show", task_id, "--json").json
    decision = msgspec.convert(told["decision"], Decision)
    assert replay(decision) == told["agent"]


def test_a_history_tells_the_decision_below_its_sentence(cli, task_id):
    lines = cli.with_environ(COLUMNS="220")("task", "history", task_id).out.splitlines()
    (place,) = [place for place, line in enumerate(lines) if "was given to agent" in line]
    assert lines[place + 1].strip().startswith("ruff: probability 50.00%")
    assert lines[place + 2].strip().startswith("bandit: probability 50.00%")
    assert "2 of 2 recorded" in lines[place + 3]
    facts = cli("task", "history", task_id, "--json").json["facts"]
    (told,) = [fact["decision"] for fact in facts if fact["topic"] == "task.routed"]
    assert [line.split(":")[0] for line in told[:3]] == ["thompson v1", "ruff", "bandit"]
    assert {fact["decision"] is None for fact in facts if fact["topic"] != "task.routed"} == {True}


def test_who_was_the_only_one_is_told_in_a_line(cli, greeting):
    task_id = str(greeting.submit("greet", "Ada").task_id)
    greeting.wait(task_id, 10)
    shown = cli("task", "show", task_id).out
    assert "thompson v1: only greeter is able and free" in shown
    assert "recorded" not in shown


def test_of_a_task_that_nobody_got_there_is_nothing_to_tell(cli, arbiter):
    task_id = str(arbiter.submit("greet", any_kind=True, hold="look first").task_id)
    assert "chosen by" not in cli("task", "show", task_id).out
    assert cli("task", "show", task_id, "--json").json["decision"] is None
