"""Makes a used database like new, where nothing but rows has changed: cheaper than another copy."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

FINGERPRINT = """
WITH ours AS (
    SELECT oid FROM pg_namespace WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
)
SELECT md5(concat_ws('|',
    (SELECT string_agg(concat_ws(' ', nspname, nspowner, nspacl), ',' ORDER BY nspname)
        FROM pg_namespace WHERE oid IN (SELECT oid FROM ours) AND nspname NOT LIKE 'pg_temp%'
            AND nspname NOT LIKE 'pg_toast_temp%'),
    (SELECT string_agg(concat_ws(' ', oid, relname, relkind, relowner, relacl, reloptions), ',' ORDER BY oid)
        FROM pg_class WHERE relnamespace IN (SELECT oid FROM ours)),
    (SELECT string_agg(concat_ws(' ', attrelid, attname, atttypid, attnotnull, attisdropped, attacl), ','
        ORDER BY attrelid, attnum)
        FROM pg_attribute WHERE attrelid IN
            (SELECT oid FROM pg_class WHERE relnamespace IN (SELECT oid FROM ours))),
    (SELECT string_agg(concat_ws(' ', oid, tgname, tgenabled), ',' ORDER BY oid) FROM pg_trigger),
    (SELECT string_agg(concat_ws(' ', adrelid, adnum, md5(adbin::text)), ',' ORDER BY oid) FROM pg_attrdef),
    (SELECT count(*) FROM pg_policy),
    (SELECT count(*) FROM pg_type WHERE typnamespace IN (SELECT oid FROM ours)),
    (SELECT string_agg(concat_ws(' ', oid, proname, md5(prosrc), proacl), ',' ORDER BY oid)
        FROM pg_proc WHERE pronamespace IN (SELECT oid FROM ours)),
    (SELECT string_agg(concat_ws(' ', oid, conname, convalidated), ',' ORDER BY oid) FROM pg_constraint),
    (SELECT string_agg(concat_ws(' ', indexrelid, indisvalid), ',' ORDER BY indexrelid) FROM pg_index
        WHERE indexrelid IN (SELECT oid FROM pg_class WHERE relnamespace IN (SELECT oid FROM ours))),
    (SELECT count(*) FROM pg_statistic WHERE starelid IN
        (SELECT oid FROM pg_class WHERE relnamespace IN (SELECT oid FROM ours))),
    (SELECT count(*) FROM pg_extension), (SELECT count(*) FROM pg_default_acl),
    (SELECT count(*) FROM pg_event_trigger), (SELECT count(*) FROM pg_publication),
    (SELECT string_agg(concat_ws(' ', setrole, setconfig), ',') FROM pg_db_role_setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())),
    (SELECT concat_ws(' ', datconnlimit, datacl) FROM pg_database WHERE datname = current_database()),
    (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database())
))
"""
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
A_MOMENT = "SELECT pg_sleep(0.01)"
MOMENTS = 50
USED = """
SELECT oid::regclass::text FROM pg_class
WHERE relnamespace = 'arbiter'::regnamespace AND relkind = 'r' AND relname <> 'migrations'
    AND pg_relation_size(oid) > 0
"""
SEQUENCES = """
SELECT setval(oid, 1, false) FROM pg_class
WHERE relnamespace = 'arbiter'::regnamespace AND relkind = 'S'
"""
KEPT = "SELECT md5(string_agg(migrations::text, ',' ORDER BY number)) FROM arbiter.migrations"


class Recycler:
    """One database: what it was like when it was new, and how it becomes so again."""

    def __init__(self, dsn: str) -> None:
        """The database has just been copied."""
        self._connection: psycopg.Connection[Any] = psycopg.connect(dsn, autocommit=True)
        self._new = self._looks()

    def recycle(self) -> bool:
        """Empty every table; False if more than rows has changed, or somebody is still connected.

        Who was forgotten by a test would come back, and take part in the next one.
        """
        try:
            if not self._is_left_alone() or self._looks() != self._new:
                return False
            self._connection.execute("SET lock_timeout = '5s'")
            used = [row[0] for row in self._connection.execute(USED).fetchall()]
            if used:
                with self._connection.transaction():
                    self._connection.execute("SET LOCAL session_replication_role = replica")
                    tables = SQL(", ").join(
                        SQL(".").join(map(Identifier, name.split("."))) for name in used
                    )
                    self._connection.execute(SQL("TRUNCATE {}").format(tables))
            self._connection.execute(SEQUENCES)
        except psycopg.Error:
            return False
        return True

    def _is_left_alone(self) -> bool:
        """Wait a little for those who are leaving."""
        for _ in range(MOMENTS):
            others = self._connection.execute(OTHERS).fetchone()
            if others == (0,):
                return True
            self._connection.execute(A_MOMENT)
        return False

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def _looks(self) -> tuple[Any, ...]:
        looks = self._connection.execute(FINGERPRINT).fetchone()
        kept = self._connection.execute(KEPT).fetchone()
        assert looks is not None
        assert kept is not None
        return (*looks, *kept)
