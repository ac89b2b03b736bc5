"""Brings a schema to the shape this version needs: each migration once, whoever comes first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib.resources.abc import Traversable
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from arbiter.infrastructure.postgres.connections import first_line, readable, speaking_plainly
from arbiter.infrastructure.postgres.migration_errors import (
    DatabaseTooOld,
    MigrationChanged,
    MigrationFailed,
    SchemaNotMigrated,
)
from arbiter.infrastructure.postgres.migration_files import FOLDER, Migration, migrations
from arbiter.infrastructure.postgres.sql import load, quoted

OLDEST_SERVER = 15


@dataclass(frozen=True)
class Applied:
    """A migration that a schema has behind it."""

    number: int
    name: str
    checksum: str
    applied_at: datetime

    @property
    def label(self) -> str:
        return f"{self.number:04}_{self.name}"


@dataclass(frozen=True)
class MigrationStatus:
    """What a schema has behind it, and what this version would add."""

    applied: tuple[Applied, ...]
    pending: tuple[Migration, ...]


def migrate(dsn: str, schema: str, *, folder: Traversable = FOLDER) -> list[Applied]:
    """Apply what is missing, each migration in its own transaction, and return what was applied."""
    done: list[Applied] = []
    with _connect(dsn) as connection:
        while (applied := _apply_next(connection, schema, folder)) is not None:
            done.append(applied)
    return done


def status(dsn: str, schema: str, *, folder: Traversable = FOLDER) -> MigrationStatus:
    """Return what was applied and what is missing; changes nothing."""
    with _connect(dsn) as connection:
        return _status(connection, schema, folder)


def check(dsn: str, schema: str, *, folder: Traversable = FOLDER) -> None:
    """Refuse a database that this version cannot work with.

    A schema with newer migrations than ours is welcome: two versions run side by side.
    """
    missing = status(dsn, schema, folder=folder).pending
    if missing:
        raise SchemaNotMigrated(schema, [migration.label for migration in missing])


def dump_sql(schema: str, *, folder: Traversable = FOLDER) -> str:
    """Return a script for psql that makes an empty database what `migrate` would make it."""
    script = [
        "-- Run with psql; it stops at the first migration that was applied before.",
        "\\set ON_ERROR_STOP on",
        f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)};",
        load("create_migrations", schema).decode().rstrip() + ";",
    ]
    for migration in migrations(folder):
        script += [
            f"\n-- {migration.label}",
            "BEGIN;",
            f"SELECT pg_advisory_xact_lock({_lock_key(schema)});",
            _record_with_literals(migration, schema) + ";",
            migration.sql(schema).decode().rstrip(),
            "COMMIT;",
        ]
    return "\n".join(script) + "\n"


def _record_with_literals(migration: Migration, schema: str) -> str:
    record = load("record_migration", schema).decode().rstrip()
    return (
        record.replace("%(number)s", str(migration.number))
        .replace("%(name)s", f"'{migration.name}'")
        .replace("%(checksum)s", f"'{migration.checksum}'")
    )


def _connect(dsn: str) -> Connection[Any]:
    with speaking_plainly():
        connection = psycopg.connect(
            readable(dsn),
            autocommit=True,
            prepare_threshold=None,
            application_name="arbiter",
            connect_timeout=10,
        )
    found = connection.info.server_version // 10000
    if found < OLDEST_SERVER:
        connection.close()
        raise DatabaseTooOld(found, OLDEST_SERVER)
    return connection


def _apply_next(connection: Connection[Any], schema: str, folder: Traversable) -> Applied | None:
    with speaking_plainly(), connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_lock_key(schema),))
        pending = _status(connection, schema, folder).pending
        if not pending:
            return None
        _apply(connection, schema, pending[0])
        return _applied(connection, schema)[pending[0].number]


def _apply(connection: Connection[Any], schema: str, migration: Migration) -> None:
    try:
        _create_record(connection, schema)
        connection.execute(migration.sql(schema))
        connection.execute(
            load("record_migration", schema),
            {"number": migration.number, "name": migration.name, "checksum": migration.checksum},
        )
    except psycopg.OperationalError:
        raise
    except psycopg.Error as refused:
        raise MigrationFailed(migration.label, first_line(refused)) from refused


def _create_record(connection: Connection[Any], schema: str) -> None:
    # Asked first: CREATE SCHEMA IF NOT EXISTS wants the right to create one even where it exists.
    if connection.execute("SELECT to_regnamespace(%s)", (quoted(schema),)).fetchone() == (None,):
        connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
    connection.execute(load("create_migrations", schema))


def _status(connection: Connection[Any], schema: str, folder: Traversable) -> MigrationStatus:
    applied = _applied(connection, schema)
    pending = []
    for migration in migrations(folder):
        if migration.number not in applied:
            pending.append(migration)
        elif applied[migration.number].checksum != migration.checksum:
            raise MigrationChanged(schema, migration.label)
    return MigrationStatus(tuple(applied.values()), tuple(pending))


def _applied(connection: Connection[Any], schema: str) -> dict[int, Applied]:
    if connection.execute(load("migrations_exist", schema)).fetchone() != (True,):
        return {}
    rows: Sequence[tuple[int, str, str, datetime]] = connection.execute(
        load("list_migrations", schema)
    ).fetchall()
    return {row[0]: Applied(*row) for row in rows}


def _lock_key(schema: str) -> int:
    digest = sha256(f"arbiter migrations of {schema}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
