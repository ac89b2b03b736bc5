"""`arbiter submit`: work comes in with everything that was said about it."""

from __future__ import annotations

import signal
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from tests.interfaces.cli.conftest import facts_in
from tests.support.eventually import eventually


def test_the_id_of_the_task_comes_first(cli, arbiter):
    told = cli("submit", "greet", '{"to": "Ada"}', "--any-kind").out
    task_id, status = told.split()
    view = arbiter.status(task_id)
    assert (view.kind, view.payload, view.status, status) == (
        "greet",
        {"to": "Ada"},
        "queued",
        "queued",
    )


def test_a_submission_is_told_as_json(cli):
    told = cli("submit", "greet", "--any-kind", "--json").json
    assert told == {
        "task_id": str(UUID(told["task_id"])),
        "status": "queued",
        "violations": [],
        "repeated": False,
    }


def test_everything_that_is_said_is_in_the_log(cli, arbiter):
    told = cli(
        *("submit", "review", "[1, 2]", "--any-kind", "--json", "--by", "ann"),
        *("--queue", "night", "--tenant", "acme", "--priority", "9"),
        *("--requires", "languages=python", "--requires", "languages=go"),
        *("--not-before", "+10m", "--hold", "look first", "--idempotency-key", "k1"),
        *("--max-attempts", "7", "--backoff", "linear"),
        *("--timeout", "30s", "--schedule-to-start", "5m", "--total", "1h"),
    ).json
    fact = arbiter.history(told["task_id"])[0].fact
    assert (fact.kind, fact.payload.value(), fact.by) == ("review", [1, 2], "ann")
    assert (fact.queue, fact.tenant, fact.priority) == ("night", "acme", 9)
    assert fact.requirements == {"languages": ("python", "go")}
    assert timedelta(minutes=9) < fact.not_before - fact.at < timedelta(minutes=11)
    assert (fact.hold, fact.idempotency_key, told["status"]) == ("look first", "k1", "held")
    assert (fact.retry.max_attempts, fact.retry.backoff) == (7, "linear")
    assert (fact.limits.start_to_close, fact.limits.schedule_to_start, fact.limits.total) == (
        30,
        300,
        3600,
    )


def test_who_submits_is_the_user_of_the_process(cli, arbiter):
    told = cli.with_environ(LOGNAME="grace")("submit", "greet", "--any-kind", "--json").json
    assert arbiter.history(told["task_id"])[0].fact.by == "grace"


def test_a_payload_may_come_from_a_file_or_standard_input(cli, arbiter, tmp_path):
    (tmp_path / "work.json").write_text('{"from": "file"}')
    by_file = cli("submit", "greet", f"@{tmp_path}/work.json", "--any-kind", "--json").json
    by_input = cli("submit", "greet", "-", "--any-kind", "--json", input='"input"').json
    assert arbiter.status(by_file["task_id"]).payload == {"from": "file"}
    assert arbiter.status(by_input["task_id"]).payload == "input"


def test_the_same_key_for_the_same_work_is_the_first_task(cli, database):
    words = ("submit", "greet", "1", "--any-kind", "--idempotency-key", "k")
    first = cli(*words, "--json").json
    before = facts_in(database)
    again = cli(*words, "--json").json
    assert again == first | {"repeated": True}
    assert "submitted before, by the same key" in cli(*words).out
    assert facts_in(database) == before


def test_waiting_shows_the_result(cli, greeting):
    told = cli("submit", "greet", '"Ada"', "--wait", "--json").json
    assert (told["status"], told["result"]) == ("completed", {"hello": "Ada"})
    shown = cli("submit", "greet", '"Ada"', "-w", "--wait-timeout", "30s").out
    assert "is completed" in shown
    assert 'result     {"hello": "Ada"}' in shown


def test_waiting_for_a_task_that_fails_ends_with_a_refusal(cli, greeting):
    shown = cli("submit", "greet", '"boom"', "--wait", code=1)
    assert "is failed" in shown.out
    assert "error      ValueError: there was a boom" in shown.out
    assert "Traceback (most recent call last):" in shown.out, "the handler's, not ours"
    assert shown.err == ""


def test_waiting_too_short_is_refused_and_the_task_goes_on(cli, arbiter):
    refused = cli(
        "submit", "greet", "--any-kind", "--wait-timeout", "50ms", "--json", code=1
    ).json_error
    assert refused["code"] == "wait_timeout"
    assert arbiter.status(refused["task_id"]).status == "queued"


@pytest.mark.parametrize("moment", ["2999-01-01T00:00:00Z", "+52w"])
def test_a_task_may_wait_for_a_moment(cli, arbiter, moment):
    told = cli("submit", "greet", "--any-kind", "--not-before", moment, "--json").json
    assert arbiter.status(told["task_id"]).not_before > datetime.now().astimezone()


def test_who_waits_may_go_away(cli, arbiter):
    process = cli.start("submit", "greet", "--any-kind", "--wait")

    def submitted():
        arbiter.views.catch_up()
        return arbiter.views.find_tasks().tasks

    eventually(submitted, within=30)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode in (130, -signal.SIGINT)  # a shell calls both 130
    assert (out, err) == ("", "")


def test_a_reader_who_has_seen_enough_is_no_error(cli, arbiter):
    arbiter.submit("greet", "x" * 200_000, any_kind=True)
    [task] = (arbiter.views.catch_up(), arbiter.views.find_tasks().tasks)[1]
    process = cli.start("task", "show", str(task.task_id), "--json")
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == ""
    process.wait(30)
