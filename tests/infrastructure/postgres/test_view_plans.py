"""Reading stops as soon as it has found enough, however large the views have grown."""

from datetime import timedelta

import psycopg
import pytest

from arbiter.infrastructure.postgres.sql import load
from arbiter.infrastructure.reading import ALL_STATUSES, FOREVER, LONG_AGO, NEWEST
from arbiter.testing.builders import NOON, TASK

ROWS = 20_000
ANY_TASK = {
    "statuses": list(ALL_STATUSES),
    "behind_at": FOREVER,
    "behind_id": NEWEST.task_id,
    "since": LONG_AGO,
    "how_many": 51,
    **dict.fromkeys(("kind", "queue", "agent", "tenant", "error", "text", "lost")),
}
BOARD = """
INSERT INTO arbiter.task_board
SELECT
    gen_random_uuid(), 5, CASE WHEN mod(n, 500) = 0 THEN 'failed' ELSE 'completed' END, 'k' || mod(n, 3),
    'default', 'default', 5, 1, 1, 0, 'ruff', moment, moment, moment, NULL, NULL, moment, moment,
    moment, 1000, CASE WHEN mod(n, 500) = 0 THEN 'ValueError' END, NULL, NULL, n
FROM (
    SELECT n, %(noon)s::timestamptz + n * interval '1 second' AS moment
    FROM generate_series(1, %(rows)s) AS n
) AS made
"""
FACTS = """
INSERT INTO arbiter.facts
SELECT gen_random_uuid(), 1, 'task.validated', '{}', n FROM generate_series(1, %(rows)s) AS n
"""
TRAIL = """
INSERT INTO arbiter.audit_trail
SELECT n, %(noon)s, 'task.validated', gen_random_uuid(), CASE WHEN n = 300 THEN 'ann' ELSE 'gate' END
FROM generate_series(1, %(rows)s) AS n
"""

SUMS = """
INSERT INTO arbiter.agent_sums
SELECT
    step, %(noon)s::timestamptz + place * make_interval(mins => step), 'a' || agent, 'k' || kind,
    20, 1, 0, 0, 21, 21000, 0, 0, 0, 0
FROM unnest(ARRAY[1, 5, 60]) AS step
CROSS JOIN generate_series(1, 20) AS agent CROSS JOIN generate_series(1, 2) AS kind
CROSS JOIN generate_series(1, 200) AS place
"""
SPANS = """
INSERT INTO arbiter.agent_spans
SELECT step, begins, agent, kind, bucket, 7 FROM arbiter.agent_sums
CROSS JOIN generate_series(1, 3) AS bucket
"""
RECORDS = """
INSERT INTO arbiter.agent_records
SELECT 'a' || agent, 'k' || kind, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, agent
FROM generate_series(1, 4000) AS agent CROSS JOIN generate_series(1, 5) AS kind
"""


@pytest.fixture(scope="module", params=["never analysed", "analysed"])
def full(databases, request):
    with (
        databases.migrated() as database,
        psycopg.connect(database.dsn, autocommit=True) as connection,
    ):
        for statement in (BOARD, FACTS, TRAIL, SUMS, SPANS, RECORDS):
            connection.execute(statement, {"noon": NOON, "rows": ROWS})
        if request.param == "analysed":
            connection.execute("ANALYZE")
        connection.execute("SET plan_cache_mode = force_generic_plan")
        yield connection


def rows_read(connection, name, params, *, first=()):
    """Run a statement under the plan for any values, and ask how many rows of tables it has read."""
    with connection.transaction():
        for each in first:
            connection.execute(load(each, "arbiter"))
        before = read_so_far(connection)
        connection.execute(load(name, "arbiter"), params, prepare=True)
        return read_so_far(connection) - before


def read_so_far(connection):
    (read,) = connection.execute(
        "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int"
        " FROM pg_stat_xact_user_tables WHERE schemaname = 'arbiter'"
    ).fetchone()
    return read


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"statuses": ["failed"]},
        {"statuses": ["running"]},
        {"statuses": ["failed"], "error": "ValueError"},
        {"kind": "k1"},
        {"behind_at": NOON.replace(hour=16)},
    ],
    ids=str,
)
def test_tasks_are_found_without_looking_at_all_of_them(full, wanted):
    read = rows_read(full, "find_tasks", ANY_TASK | wanted, first=["search_in_order"])
    assert read < 1_000


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("read_audit_trail", {"after": ROWS - 200}),
        ("read_audit_trail_of_actor", {"after": 0, "actor": "ann"}),
        ("read_audit_trail_of_actor", {"after": ROWS - 200, "actor": "gate"}),
        ("read_audit_trail_of_stream", {"after": 0, "actor": None, "stream_id": TASK}),
    ],
)
def test_the_trail_is_read_without_looking_at_all_of_it(full, name, params):
    assert rows_read(full, name, {"how_many": 100} | params) <= 200


AT = NOON + timedelta(minutes=100)


@pytest.mark.parametrize(
    ("name", "params", "most"),
    [
        ("read_performance", {"step": 1, "begins": AT - timedelta(minutes=4)}, 5 * 40 * 4),
        ("read_performance", {"step": 60, "begins": AT - timedelta(hours=23)}, 40 * 4),
        (
            "read_performance_of",
            {"step": 1, "begins": AT - timedelta(minutes=59), "agent": "a7"},
            60 * 2 * 4,
        ),
    ],
)
def test_a_window_is_read_without_looking_at_others(full, name, params, most):
    asked = {"ends": AT, "kind": None} | params
    assert 0 < rows_read(full, name, asked) <= most


def test_points_are_read_from_the_newest_back(full):
    asked = {
        "agent": ["a7", "nobody"],
        "kind": ["k1", "k1"],
        "step": 5,
        "since": NOON - timedelta(days=30),
        "until": NOON + timedelta(days=1),
        "least": 10,
        "how_many": 100,
    }
    assert 100 < rows_read(full, "read_points", asked) <= 400


def test_records_are_read_of_those_who_are_asked_about(full):
    asked = {"projection": "agent_records_v1", "agents": ["a7", "a8", "nobody"], "after": 0}
    assert 10 <= rows_read(full, "read_records", asked) <= 20


def test_what_is_under_way_is_counted_without_looking_at_what_is_over(full):
    connection = full
    connection.execute("SET enable_seqscan = off")  # as every connection of ours has it
    try:
        assert rows_read(connection, "select_under_way", {}) < 100
    finally:
        connection.execute("RESET enable_seqscan")
