"""`arbiter task cancel|suspend|resume|approve|reject|reschedule|redrive|stale|clean-up`."""

from __future__ import annotations

import os
import pty

import pytest


@pytest.fixture
def task_id(arbiter):
    return str(arbiter.submit("greet", any_kind=True).task_id)


@pytest.fixture
def held(arbiter):
    return str(arbiter.submit("greet", {"to": "Ada"}, any_kind=True, hold="look first").task_id)


def last(arbiter, task_id, back=1):
    return arbiter.history(task_id)[-back].fact


def test_a_task_is_cancelled_by_somebody_for_a_reason(cli, arbiter, task_id):
    assert (
        cli("task", "cancel", task_id, "--why", "no need", "--by", "ann").out
        == f"{task_id} cancelled\n"
    )
    fact = last(arbiter, task_id)
    assert (fact.topic, fact.by, fact.why) == ("task.cancelled", "ann", "no need")


def test_a_task_is_suspended_and_resumed_by_the_user(cli, arbiter, task_id):
    assert cli("task", "suspend", task_id, "--json").json["status"] == "suspended"
    assert last(arbiter, task_id).by == "ada"
    assert cli("task", "resume", task_id, "--json").json["status"] == "queued"
    assert last(arbiter, task_id, back=2).by == "ada"


def test_a_held_task_is_approved_as_what_it_is(cli, arbiter, held):
    digest = arbiter.status(held).digest
    assert cli("task", "approve", held, "--digest", "0" * 64, "--json", code=1).json_error[
        "code"
    ] == ("approval_mismatch")
    told = cli(
        "task", "approve", held, "--digest", digest, "--until", "+2h", "--why", "fine", "--json"
    ).json
    assert told["status"] == "queued"
    fact = last(arbiter, held, back=2)
    assert (fact.topic, fact.by, fact.why, fact.digest) == ("task.approved", "ada", "fine", digest)
    assert fact.until > fact.at


def test_a_held_task_is_rejected(cli, arbiter, held):
    assert cli("task", "reject", held, "--why", "too risky").out == f"{held} rejected\n"
    assert last(arbiter, held).violations[0].message == "too risky"


def test_a_task_is_rescheduled(cli, arbiter, task_id):
    words = ("--priority", "9", "--not-before", "2999-01-01T00:00:00Z", "--why", "later")
    assert cli("task", "reschedule", task_id, *words, "--json").json["priority"] == 9
    assert arbiter.status(task_id).not_before.year == 2999


@pytest.fixture
def failed(greeting):
    """Two tasks that have failed."""
    return sorted(
        str(greeting.wait(greeting.submit("greet", "boom", queue="default").task_id, 10).task_id)
        for _ in range(2)
    )


def test_one_failed_task_is_redriven_with_another_payload(cli, greeting, failed):
    told = cli("task", "redrive", failed[0], "--payload", '"Ada"', "--why", "fixed", "--json").json
    assert (told["run"], told["payload"]) == (2, "Ada")
    assert greeting.wait(failed[0], 10).result == {"hello": "Ada"}


def test_a_preview_says_which_tasks_it_would_be(cli, greeting, failed):
    told = cli("task", "redrive", "--where-error", "ValueError", "--preview", "--json").json
    assert (sorted(told["matched"]), told["redriven"], told["preview"]) == (failed, [], True)
    shown = cli("task", "redrive", "--where-kind", "greet", "--preview").out.splitlines()
    assert (sorted(shown[:2]), shown[2]) == (failed, "2 tasks would be redriven")
    assert all(greeting.status(task_id).run == 1 for task_id in failed)


@pytest.mark.parametrize("where", [["--where-text", "there was a boom"], ["--where-since", "1h"]])
def test_all_that_a_condition_finds_are_redriven(cli, greeting, failed, where):
    told = cli("task", "redrive", *where, "--yes", "--json").json
    assert (sorted(told["redriven"]), told["refused"]) == (failed, [])
    assert all(greeting.wait(task_id, 10).run == 2 for task_id in failed)


@pytest.mark.parametrize(
    "where", [["--where-agent", "x"], ["--where-tenant", "x"], ["--where-queue", "x"]]
)
def test_a_condition_that_finds_nothing_says_so(cli, failed, where):
    assert cli("task", "redrive", *where, "--yes").out == "no failed task meets the conditions\n"


@pytest.mark.parametrize("asked", [("y", 0, 2), ("n", 1, 1)])
def test_a_person_is_asked_before_many_are_redriven(cli, greeting, failed, asked):
    answer, code, run = asked
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    process = cli.start_with("task", "redrive", "--where-kind", "greet", stdin=theirs)
    os.close(theirs)
    out, err = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == code
    assert err.startswith("redrive 2 failed tasks? [y/N] ")
    assert (out, "nothing was done" in err) == (
        ("2 tasks redriven\n", False) if run == 2 else ("", True)
    )
    assert all(greeting.status(task_id).run == run for task_id in failed)


def test_stale_tasks_are_listed_and_cleaned_up(cli, arbiter, task_id):
    assert cli("task", "stale").out == "no stale tasks\n"
    told = cli("task", "stale", "--older-than", "0", "--json").json
    assert [row["task_id"] for row in told["tasks"]] == [task_id]
    assert task_id in cli("task", "stale", "--older-than", "0s").out
    assert cli("task", "clean-up", "--older-than", "1h", "--yes").out == "0 stale tasks failed\n"
    assert cli("task", "clean-up", "--older-than", "0", "--yes", "--json").json == {
        "cleaned": [task_id]
    }
    assert arbiter.status(task_id).status == "failed"
