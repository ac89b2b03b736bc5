"""`arbiter queue …` and `arbiter stats`: how things stand, and the switches of queues."""

from __future__ import annotations

import pytest


def test_a_queue_is_paused_and_resumed_by_somebody(cli, arbiter):
    told = cli("queue", "pause", "night", "--why", "too loud", "--by", "ann", "--json").json
    assert told == {"queue": "night", "paused": True, "limit": None}
    assert cli("queue", "pause", "night").out == "queue night: paused\n"
    assert cli("queue", "resume", "night").out == "queue night: open\n"
    arbiter.views.catch_up()
    lines = [line for line in arbiter.views.audit_trail() if line.topic.startswith("queue.")]
    assert [(line.topic, line.actor) for line in lines] == [
        ("queue.paused", "ann"),
        ("queue.resumed", "ada"),
    ]


def test_a_queue_is_limited_and_freed(cli):
    assert cli("queue", "limit", "night", "3").out == "queue night: at most 3 at a time\n"
    assert cli("queue", "limit", "night", "none", "--json").json["limit"] is None


def test_queues_are_listed_with_what_they_hold(cli, arbiter):
    arbiter.submit("greet", any_kind=True)
    arbiter.submit("greet", any_kind=True, hold="look first")
    cli("queue", "limit", "default", "3")
    cli("queue", "pause", "empty")
    default, empty = cli("queue", "list", "--json").json["queues"]
    assert (default["queue"], default["ready"], default["limit"], default["paused"]) == (
        "default",
        1,
        3,
        False,
    )
    assert default["statuses"] == {"held": 1, "queued": 1}
    assert (empty["queue"], empty["ready"], empty["paused"]) == ("empty", 0, True)
    lines = cli("queue", "list").out.splitlines()
    assert lines[1].split() == [
        "default",
        "1",
        "0",
        "at",
        "most",
        "3",
        "at",
        "a",
        "time",
        "1",
        "held,",
        "1",
        "queued",
    ]
    assert lines[2].split() == ["empty", "0", "0", "paused", "none"]


def test_no_queue_says_so(cli):
    assert cli("queue", "list").out == "no queue holds a task yet\n"


def test_stats_tell_tasks_times_queues_and_workers(cli, greeting):
    greeting.wait(greeting.submit("greet", "Ada").task_id, 10)
    greeting.wait(greeting.submit("greet", "boom").task_id, 10)
    told = cli("stats", "--json").json
    assert told["facts_behind"] == 0
    stats = told["stats"]
    assert (stats["submitted"], stats["completed"], stats["failed"], stats["window_minutes"]) == (
        2,
        1,
        1,
        60,
    )
    assert stats["statuses"] == {"completed": 1, "failed": 1}
    assert (stats["latency_ms"]["count"], stats["attempt_ms"]["count"]) == (1, 2)
    assert told["queues"] == {"default": {"completed": 1, "failed": 1}}
    assert [worker["agents"] for worker in told["workers"]] == [["greeter"]]
    shown = cli("stats").out
    assert "tasks        1 completed, 1 failed\n" in shown
    assert "last 60 min  2 submitted, 1 completed, 1 failed" in shown
    assert "greeter" in shown


@pytest.mark.parametrize(("window", "title"), [("5", "last 5 min"), ("all", "ever")])
def test_stats_look_back_as_far_as_is_asked(cli, window, title):
    assert title in cli("stats", "--window", window).out


@pytest.mark.parametrize("width", [80, 120])
def test_stats_fit_the_terminal(cli, greeting, width):
    for number in range(3):
        greeting.submit("greet", number, any_kind=True, queue=f"queue-{number}", hold="x")
    lines = cli.with_environ(COLUMNS=str(width))("stats").out.splitlines()
    assert max(map(len, lines)) <= width
