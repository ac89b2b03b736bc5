"""`arbiter bench` as it is called: the table, the line of JSON, and what it says to a mistake."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from rich.console import Console

from arbiter.domain.errors import InvalidInput, Unavailable
from arbiter.interfaces.bench.command import run
from arbiter.interfaces.bench.parts import ALL, DEFAULT, Sizes, chosen

TINY = Sizes(
    rounds=1,
    raw_rows=100,
    callers={1: 3, 16: 16, 64: 64, 256: 256},
    bulk=20,
    drain=20,
    concurrency=4,
    latency=3,
    idle_seconds=0.1,
    settling_seconds=0.0,
    twin=50,
    few=10,
    many=30,
    executed=5,
    agents=20,
    queries=5,
    decisions=20,
    lives=10,
    calls=10,
)
NOTHING = {
    "submit_per_s": {"1": None, "16": None, "64": None, "256": None, "bulk": None},
    "drain_per_s": None,
    "start_latency_ms": {"p50": None, "p99": None},
    "idle_queries_per_min": None,
    "bytes_per_task": None,
    "registry_query_ms": {"p50": None, "p95": None},
    "routing": {
        "decision_us_p95": {"20": None, "1000": None},
        "decisions_per_s": None,
        "drain_per_s": None,
        "drain_off_per_s": None,
    },
    "raw_rows_per_s": None,
}


def measured(dsn: str, *only: str, capsys) -> tuple[str, dict]:
    page = StringIO()
    assert run(dsn, list(only), True, sizes=TINY, console=Console(file=page, width=100)) == 0
    return page.getvalue(), json.loads(capsys.readouterr().out.splitlines()[-1])


def test_every_part_in_one_run(database, capsys):
    page, numbers = measured(database.dsn, *ALL, capsys=capsys)
    assert numbers.keys() == NOTHING.keys()
    assert all(rate > 0 for rate in numbers["submit_per_s"].values())
    assert numbers["drain_per_s"] > 0
    assert 0 < numbers["start_latency_ms"]["p50"] <= numbers["start_latency_ms"]["p99"]
    assert numbers["idle_queries_per_min"] >= 0
    assert numbers["bytes_per_task"] > 100
    assert numbers["raw_rows_per_s"] > 0
    routing = numbers["routing"]
    assert 0 < routing["decision_us_p95"]["20"] < routing["decision_us_p95"]["1000"]
    assert min(routing["decisions_per_s"], routing["drain_per_s"], routing["drain_off_per_s"]) > 0
    for said in (
        "PostgreSQL",
        "fsync",
        "shared_buffers",
        "raw probe",
        "256 callers",
        "≥ 12,000",
        "drain of 20 tasks, 4 at a time",
        "exactly 5 facts",
        "worker before 30 tasks",
        "status transition",
        "watched for 0 s only",
        "decision among 1,000 agents, P95",
        "drain by 3 agents, routing off",
        "learnt, of the one with routing off",
    ):
        assert said in page


def test_parts_that_did_not_run_are_null(database, capsys):
    page, numbers = measured(database.dsn, "memory", capsys=capsys)
    assert numbers == {**NOTHING, "bytes_per_task": numbers["bytes_per_task"]}
    assert "drain" not in page


def test_bulk_alone_leaves_the_callers_out(database, capsys):
    _, numbers = measured(database.dsn, "bulk", capsys=capsys)
    bulk = numbers["submit_per_s"].pop("bulk")
    assert bulk > 0
    assert set(numbers["submit_per_s"].values()) == {None}


def test_parts_run_in_their_own_order_and_the_long_one_only_when_named():
    assert chosen([]) == DEFAULT
    assert "memory-1m" not in DEFAULT
    assert chosen(["drain", "memory-1m", "idle", "drain"]) == ("idle", "drain", "memory-1m")


def test_an_unknown_part_is_refused_before_anything_starts():
    with pytest.raises(InvalidInput, match="only: 'drian' is no part; name one of idle, process"):
        run(None, ["drian"], False)


def test_a_database_that_does_not_answer_is_one_line():
    with pytest.raises(Unavailable, match="database: "):
        run("postgresql://127.0.0.1:1/nowhere", ["latency"], False, sizes=TINY)
