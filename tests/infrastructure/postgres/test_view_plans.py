"""Reading stops as soon as it has found enough, however large the views have grown."""

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


@pytest.fixture(scope="module", params=["never analysed", "analysed"])
def full(databases, request):
    with (
        databases.migrated() as database,
        psycopg.connect(database.dsn, autocommit=True) as connection,
    ):
        for statement in (BOARD, FACTS, TRAIL):
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
