"""Taking the database away."""

from __future__ import annotations

import psycopg

ALL_OF_OURS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'arbiter%'
"""


def cut_off(dsn: str) -> int:
    """End every connection of every Arbiter to a database; return how many there were."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        found = connection.execute(ALL_OF_OURS).fetchone()
        assert found is not None
        return found[0]


def live_tasks(dsn: str) -> int:
    """Return how many tasks still want something."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        found = connection.execute("SELECT count(*) FROM arbiter.ready_tasks").fetchone()
        assert found is not None
        return found[0]
