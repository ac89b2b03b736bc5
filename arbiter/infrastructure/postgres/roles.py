"""Gives a role what a running Arbiter needs, and no way to change what happened."""

import psycopg
from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier

from arbiter.domain.errors import InvalidInput
from arbiter.infrastructure.postgres.connections import Row, first_line, speaking_plainly
from arbiter.infrastructure.postgres.migrator import check
from arbiter.infrastructure.postgres.sql import load, quoted

READ_ONLY = frozenset({"migrations"})


def grant_runtime_role(dsn: str, schema: str, role: str) -> None:
    """Let a role run workers and submit: it appends to the log and reads it, and cannot rewrite it.

    The role is created if it is missing (it may log in; a password is yours to set). Run it again
    after a migration: new tables are granted, rights that were too wide are taken back.
    """
    quoted(schema)
    check(dsn, schema)
    with (
        speaking_plainly(),
        psycopg.connect(dsn, autocommit=True, application_name="arbiter") as connection,
        connection.transaction(),
    ):
        try:
            _ensure(connection, schema, role)
            for grant in _grants(connection, schema, role):
                connection.execute(grant)
        except psycopg.errors.InsufficientPrivilege as refused:
            raise InvalidInput(
                "dsn",
                first_line(refused),
                "connect as the owner of the schema, able to create roles",
            ) from refused


def _ensure(connection: Connection[Row], schema: str, role: str) -> None:
    found = connection.execute(load("describe_role", schema), {"role": role}).fetchone()
    if found is None:
        connection.execute(SQL("CREATE ROLE {} LOGIN").format(Identifier(role)))
    elif found[0]:
        raise InvalidInput(
            "role",
            f"{role!r} owns the tables or is a superuser, so no grant limits it",
            "name another",
        )


def _grants(connection: Connection[Row], schema: str, role: str) -> list[Composed]:
    names = {"schema": Identifier(schema), "role": Identifier(role)}
    grants: list[Composed] = [
        SQL(text).format(**names)
        for text in (
            "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}",
            "GRANT USAGE ON SCHEMA {schema} TO {role}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {role}",
        )
    ]
    for table, append_only in connection.execute(load("list_tables", schema)).fetchall():
        if table in READ_ONLY:
            rights = SQL("SELECT")
        elif append_only:
            rights = SQL("SELECT, INSERT")
        else:
            rights = SQL("SELECT, INSERT, UPDATE, DELETE")
        where = Identifier(schema, table)
        grants.append(SQL("GRANT {} ON {} TO {}").format(rights, where, names["role"]))
    return grants
