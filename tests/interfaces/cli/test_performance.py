"""`arbiter agents performance`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from arbiter import RetryPolicy
from arbiter.domain.anomalies import answer, unknown
from arbiter.domain.trends import Point


@pytest.fixture
def worked(arbiter):
    """Two agents that did some work: one of them fails now and then."""

    def work(task):
        task.report_quality(0.5)
        if task.payload == "bad":
            raise ValueError("no")

    once = RetryPolicy(max_attempts=1)
    arbiter.agent("ruff", kinds=["lint", "format"], cost_per_task=0.25, retry=once)(work)
    arbiter.agent("radon", kinds="measure")(work)
    arbiter.start()
    wanted = [("lint", 1), ("lint", "bad"), ("format", 1), ("measure", 1)]
    for task in [arbiter.submit(kind, payload) for kind, payload in wanted]:
        arbiter.wait(task.task_id, 10)
    arbiter.views.catch_up()


def test_it_tells_how_agents_do(cli, worked):
    lines = cli("agents", "performance").out.splitlines()
    told = [line.split() for line in lines]
    assert told[0] == [
        "agent",
        "kind",
        "attempts",
        "success",
        "quality",
        "P50",
        "P95",
        "P99",
        "cost",
        "trust",
        "trend",
    ]
    assert told[1][:5] == ["radon", "measure", "1", "100.0%", "0.50"]
    assert told[2][:5] == ["ruff", "all", "kinds", "3", "66.7%"]
    assert told[3][:4] == ["ruff", "format", "1", "100.0%"]
    assert told[4][:4] == ["ruff", "lint", "2", "50.0%"]
    assert "0.25" in told[4]
    assert lines[5].endswith("percentiles are at most 5% off")


def test_it_tells_of_one_agent_kind_and_window(cli, worked):
    told = cli("agents", "performance", "ruff", "--window", "5m", "--kind", "lint", "--json").json
    assert (told["window"], told["error"], told["anomalies"]) == ("5m", 0.05, [])
    (row,) = told["rows"]
    assert (row["agent"], row["kind"], row["attempts"]) == ("ruff", "lint", 2)
    assert row["confidence"] == pytest.approx(0.08)
    (habit,) = told["habits"]
    assert (habit["points"], habit["trend"], habit["usual"]) == (0, None, None)
    assert told["facts_behind"] == 0


def test_where_nothing_was_done_it_says_so(cli, arbiter):
    arbiter.agents.register("idle", kinds="rest")
    assert cli("agents", "performance", "idle").out == (
        "no attempt of theirs ended in this window (24h)\n"
    )


def test_what_cannot_be_meant_is_refused(cli, arbiter):
    refused = cli("agents", "performance", "--window", "2h", "--json", code=2).json_error
    assert (refused["field"], refused["expected"]) == ("window", "one of 5m, 1h, 24h, 7d")
    unknown = cli("agents", "performance", "nobody", "--json", code=1).json_error
    assert unknown["code"] == "agent_not_found"
    assert cli("agents", "performance", "a b", "--json", code=2).json_error["field"] == "agent"


def test_what_is_not_as_usual_is_listed(cli, arbiter, worked):
    now = datetime.now(UTC).replace(microsecond=0)
    usual = Point(begins=now, attempts=12, p95_ms=800, success_rate=0.9)
    slow = Point(begins=now, attempts=12, p95_ms=6000, success_rate=0.5)
    told = [answer(each, slow, usual, at=now) for each in unknown("ruff", "lint")]
    raised = [fact for fact in told if fact is not None]
    arbiter.core.run(lambda service: service.store.log.append_facts(raised))
    lines = cli("agents", "performance", "ruff").out.splitlines()
    shown = [" ".join(line.split()) for line in lines[lines.index("") + 1 :]]
    since = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    assert shown == [
        "not as usual agent kind severity now usual since",
        f"more errors than usual ruff lint critical 50.0% 10.0% {since}",
        f"slower than usual ruff lint critical 6.0 s 800 ms {since}",
    ]
    document = cli("agents", "performance", "ruff", "--json").json
    assert [each["type"] for each in document["anomalies"]] == [
        "error_rate_increase",
        "latency_spike",
    ]
