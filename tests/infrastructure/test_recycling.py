"""What one test leaves behind, the next one does not find."""

from __future__ import annotations

import psycopg

from arbiter import connect


def test_a_database_is_lent_again_without_its_rows(databases):
    with databases.migrated() as first, connect(dsn=first.dsn) as arbiter:
        arbiter.submit("greet", any_kind=True)
    with databases.migrated() as second, connect(dsn=second.dsn) as arbiter:
        assert second == first
        assert arbiter.core.run(lambda service: service.store.log.last_position()) == 0
        arbiter.submit("greet", any_kind=True)
        assert arbiter.core.run(lambda service: service.store.log.last_position()) == 2


def test_one_whose_tables_were_changed_is_not(databases):
    with databases.migrated() as first, psycopg.connect(first.dsn, autocommit=True) as connection:
        connection.execute("ALTER TABLE arbiter.facts DISABLE TRIGGER USER")
    with databases.migrated() as second:
        assert second != first


def test_nor_one_where_somebody_was_forgotten(databases):
    with databases.migrated() as first:
        forgotten = connect(dsn=first.dsn)
        forgotten.stats()
    try:
        with databases.migrated() as second:
            assert second != first
    finally:
        forgotten.stop(drain=0)
