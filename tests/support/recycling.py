"""One database for many tests, emptied after each: much quicker than a new one."""

from __future__ import annotations

import psycopg
from psycopg import sql

from tests.support.database import SCHEMA, Database

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename <> 'migrations'"
OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def empty(database: Database) -> None:
    """Forget everything but the migrations; whoever is still connected is cut off."""
    with psycopg.connect(database.dsn) as connection:
        connection.execute(OTHERS)
        names = [sql.Identifier(SCHEMA, name) for (name,) in connection.execute(TABLES, (SCHEMA,))]
        for trigger in ("DISABLE", "ENABLE"):  # the log lets nobody do this
            for name in names:
                change = sql.SQL("ALTER TABLE {} {} TRIGGER USER")
                connection.execute(change.format(name, sql.SQL(trigger)))
            if trigger == "DISABLE":
                connection.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(names)))
