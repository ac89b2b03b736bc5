"""`arbiter db …`: bring a database to the shape this version needs, or see what that would take."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arbiter.interfaces.cli.exits import DATABASE, OK
from arbiter.interfaces.cli.session import Session
from arbiter.interfaces.cli.verb import verb

if TYPE_CHECKING:  # imported when a command runs: help must not wait for the database driver
    from arbiter.infrastructure.postgres.migrator import MigrationStatus


@verb("migrate")
def migrate(
    session: Session,
    *,
    runtime_role: Annotated[
        str | None,
        typer.Option(
            "--runtime-role",
            metavar="ROLE",
            help="Also grant this role what running needs, and no right to rewrite the log.",
        ),
    ] = None,
) -> None:
    """Apply the migrations that are missing; safe to run again, and by several at once."""
    from arbiter.infrastructure.postgres import migrator, roles

    settings = session.settings()
    with _database(session) as dsn:
        done = migrator.migrate(dsn, settings.schema_name)
        if runtime_role is not None:
            roles.grant_runtime_role(dsn, settings.schema_name, runtime_role)

    def show(out: Any) -> None:
        for each in done:
            out.print(f"applied {each.label}")
        if not done:
            out.print(f"schema {settings.schema_name} has every migration")
        if runtime_role is not None:
            out.print(f"role {runtime_role} may run workers and submit", markup=False)

    session.answer(
        {
            "schema": settings.schema_name,
            "applied": [each.label for each in done],
            "runtime_role": runtime_role,
        },
        show,
    )


@verb("status")
def status(session: Session) -> int:
    """Tell which migrations a schema has; the exit code is 3 if any is missing."""
    from arbiter.infrastructure.postgres import migrator

    settings = session.settings()
    with _database(session) as dsn:
        found = migrator.status(dsn, settings.schema_name)
    session.answer(
        {
            "schema": settings.schema_name,
            "applied": [
                {"migration": each.label, "applied_at": each.applied_at} for each in found.applied
            ],
            "pending": [each.label for each in found.pending],
        },
        lambda out: _show(out, found),
    )
    return DATABASE if found.pending else OK


@verb("dump-sql")
def dump_sql(session: Session) -> None:
    """Print the SQL that would make an empty database ready, for psql; no database is asked."""
    from arbiter.infrastructure.postgres import migrator

    schema = session.settings().schema_name
    sql = migrator.dump_sql(schema)
    if session.json:
        session.write({"schema": schema, "sql": sql})
    else:
        sys.stdout.write(sql)


@contextmanager
def _database(session: Session) -> Iterator[str]:
    from arbiter.bootstrap.locate import Locator

    locator = Locator(session.settings())
    try:
        yield locator.locate()
    finally:
        locator.release()


def _show(out: Any, found: MigrationStatus) -> None:
    from rich.text import Text

    from arbiter.interfaces.cli.showing.marks import clock, put, table

    shown = table("migration", "applied")
    for each in found.applied:
        shown.add_row(each.label, clock(each.applied_at))
    for missing in found.pending:
        shown.add_row(missing.label, Text("missing: run 'arbiter db migrate'", "yellow"))
    put(out, shown)


DB = (migrate, status, dump_sql)
