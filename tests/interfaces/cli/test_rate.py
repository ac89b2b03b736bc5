"""`arbiter task rate`."""

from __future__ import annotations

import pytest


@pytest.fixture
def completed(arbiter):
    arbiter.agent("greeter", kinds="greet")(lambda task: task.report_quality(0.75))
    arbiter.start()
    task_id = arbiter.submit("greet").task_id
    arbiter.wait(task_id, 10)
    return str(task_id)


def test_a_result_is_rated_by_the_user(cli, completed):
    told = cli("task", "rate", completed, "0.25", "--json").json
    assert told["task_id"] == completed
    assert (told["quality"], told["own"], told["judges"]) == (0.25, 0.75, {"ada": 0.25})
    said = cli("task", "rate", completed[:13], "0.75", "--by", "bob", "--why", "fine").out
    assert said == f"{completed} attempt 1 by greeter: quality 0.5 (ada 0.25, bob 0.75)\n"


def test_a_rating_that_cannot_be_meant_is_refused(cli, arbiter, completed):
    waiting = str(arbiter.submit("wait", any_kind=True).task_id)
    refused = cli("task", "rate", waiting, "1", "--json", code=1).json_error
    assert (refused["code"], refused["status"]) == ("nothing_to_rate", "queued")
    assert cli("task", "rate", completed, "1.5", "--json", code=2).json_error["field"] == "quality"
    assert cli("task", "rate", completed, "good", "--json", code=2).json_error["code"] == "usage"
