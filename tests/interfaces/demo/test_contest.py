"""How the router shared work out between rivals, in numbers and on screen."""

import io
import json
from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from rich.console import Console

from arbiter.application.payloads import to_blob
from arbiter.domain.facts import Candidate, Decision, Seen
from arbiter.domain.record import Record
from arbiter.interfaces.demo.choosing import of_choice, of_contests
from arbiter.interfaces.demo.contest import Span, contests, spans_of, telling
from arbiter.interfaces.demo.summary import DemoSummary, Latency, as_json
from arbiter.testing.builders import NOON, a_task

RECORDS = {
    ("bandit", "review.security"): Record(
        completed=10, wins=10.0, timed=10, latency_us=400_000, priced=10, cost_e9=600_000_000
    ),
    ("ruff-S", "review.security"): Record(
        completed=90, wins=80.0, rated=30, quality_e9=28_500_000_000, good=28.5, bad=1.5
    ),
}
CODE = to_blob({"path": "/code/a.py"}, "payload", 1000)


def decided(agent, *, draw=0.5, explored=False):
    seen = [Seen(agent="bandit", attempts=10), Seen(agent="ruff-S", attempts=90)]
    return Decision(
        strategy="thompson",
        reason=f"{agent} is the best of 2",
        candidates=(
            Candidate(agent="bandit", score=0.6, propensity=0.25, features=seen[0]),
            Candidate(agent="ruff-S", score=0.9, propensity=0.75, features=seen[1]),
        ),
        draw=draw,
        explored=explored,
    )


def routed_to(agents, kind="review.security", **decision):
    """One stream for each agent, a second apart."""
    streams = {}
    for second, agent in enumerate(agents):
        queued = a_task(
            kind=kind, payload=CODE, task_id=uuid4(), at=NOON + timedelta(seconds=second)
        )
        task = queued.routed_to(agent, decision=decided(agent, **decision))
        streams[task.task.id] = task.facts
    return streams


def printed(shown):
    text = io.StringIO()
    console = Console(file=text, width=80)
    for each in shown:
        console.print(each)
    return text.getvalue()


def test_spans_are_fifties_and_the_rest():
    assert spans_of(214) == ((1, 50), (51, 100), (101, 150), (151, 200), (201, 214))
    assert spans_of(100) == ((1, 50), (51, 100))
    assert spans_of(7) == ((1, 7),)
    assert spans_of(0) == ()


def test_many_tasks_make_long_spans_not_many():
    spans = spans_of(5_001)
    assert (len(spans), spans[0], spans[-1].last) == (6, Span(1, 834), 5_001)
    assert all(one.last + 1 == other.first for one, other in pairwise(spans))


def test_shares_are_those_of_the_tasks_in_the_order_of_their_routing():
    streams = routed_to(["bandit"] * 25 + ["ruff-S"] * 25 + ["bandit"] * 5 + ["ruff-S"] * 45)
    scattered = sorted(streams.values(), key=lambda facts: facts[0].task_id.int % 97)
    (contest,) = contests(scattered, RECORDS)
    assert (contest.kind, contest.spans) == ("review.security", ((1, 50), (51, 100)))
    assert {each.reviewer: each.shares for each in contest.standings} == {
        "bandit": (0.5, 0.1),
        "ruff-S": (0.5, 0.9),
    }


def test_a_kind_with_one_reviewer_is_no_contest():
    assert contests(routed_to(["ruff"] * 5, kind="review.style").values(), RECORDS) == []


def test_the_reward_is_what_the_router_believes():
    (contest,) = contests(routed_to(["bandit"]).values(), RECORDS)
    bandit, ruff = contest.standings
    assert bandit.reward == pytest.approx(0.7 * 11 / 12 - 0.06)
    assert ruff.reward > bandit.reward


def test_json_tells_the_contest_and_the_decision():
    streams = routed_to(["bandit"] * 2, explored=True)
    numbers = dict.fromkeys(
        ("tasks", "completed", "failed", "attempts", "rescued", "facts", "seconds", "tasks_per_s"),
        1,
    )
    summary = DemoSummary(
        **numbers,
        latency_ms=Latency(p50=1.0, p95=1.0),
        contests=tuple(contests(streams.values(), RECORDS)),
        choice=telling(streams.values()),
    )
    told = json.loads(as_json(summary))
    (contest,) = told["contests"]
    assert (contest["kind"], contest["spans"], contest["explored"]) == (
        "review.security",
        [[1, 2]],
        2,
    )
    assert contest["reviewers"]["bandit"] == {
        "shares": [1.0],
        "reviews": 10,
        "success": 1.0,
        "quality": None,
        "rated": 0,
        "cpu_seconds": 0.06,
        "latency_ms": 40.0,
        "reward": round(0.7 * 11 / 12 - 0.06, 3),
    }
    assert told["decision"]["agent"] == "bandit"
    assert "draw was 0.5" in " ".join(told["decision"]["told"])


def test_the_telling_decision_is_the_last_that_explored():
    streams = {**routed_to(["bandit"], explored=True), **routed_to(["ruff-S"] * 3)}
    assert telling(streams.values()).routed.agent == "bandit"
    assert telling(routed_to(["ruff-S"] * 3).values()).routed.at == NOON + timedelta(seconds=2)
    assert telling(routed_to(["ruff-S"], draw=None).values()) is None


def test_on_screen_the_reward_is_said_in_words_and_everything_fits_80_columns():
    streams = routed_to(["bandit"] * 107 + ["ruff-S"] * 107)
    text = printed(of_contests(contests(streams.values(), RECORDS)))
    assert max(map(len, text.splitlines())) <= 80
    assert "success x quality - 1 x CPU seconds" in text
    rows = [line.split() for line in text.splitlines() if line.strip().startswith("bandit")]
    assert rows[0] == ["bandit", "100%", "100%", "14%", "0%", "0%"]
    assert rows[1] == ["bandit", "10", "100%", "-", "0", "60", "ms", "40", "ms", "0.58"]


def test_a_decision_in_words_names_all_that_decided_and_lets_one_choose_again():
    lines = list(of_choice(telling(routed_to(["ruff-S"]).values())))
    text = "\n".join(lines)
    assert lines[0] == "review.security of /code/a.py went to ruff-S."
    for word in ("thompson v1", "bandit: probability 25.00%", "ruff-S: probability 75.00%"):
        assert word in text
    assert lines[-1].strip() == ("the draw gives bandit below 0.2500, ruff-S above; it was 0.5000")
