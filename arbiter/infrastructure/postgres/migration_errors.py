"""What can be wrong with the database before the first statement of ours."""

from collections.abc import Sequence

from arbiter.domain.errors import ArbiterError


class SchemaNotMigrated(ArbiterError):
    """The schema lacks tables or columns that this version needs."""

    code = "schema_not_migrated"

    def __init__(self, schema: str, missing: Sequence[str]) -> None:
        """Name the migrations that are missing and the command that applies them."""
        self.schema, self.missing = schema, tuple(missing)
        super().__init__(
            f"schema: {schema!r} lacks {len(missing)} migration{'s' if len(missing) > 1 else ''}"
            f" ({', '.join(missing)}); run 'arbiter db migrate'"
        )


class DatabaseTooOld(ArbiterError):
    """The server is older than the SQL it would have to run."""

    code = "database_too_old"

    def __init__(self, found: int, needed: int) -> None:
        """Name both versions."""
        self.found, self.needed = found, needed
        super().__init__(
            f"database: the server is PostgreSQL {found}; version {needed} or newer is needed"
        )


class MigrationChanged(ArbiterError):
    """An applied migration's file says something else today: nobody knows what the schema is."""

    code = "migration_changed"

    def __init__(self, schema: str, name: str) -> None:
        """Name the migration."""
        self.schema, self.name = schema, name
        super().__init__(
            f"schema: {schema!r} was migrated by another text of {name} than this version has;"
            " restore that file, a change is a migration of its own"
        )


class MigrationFailed(ArbiterError):
    """A migration was refused by the database; nothing of it remains."""

    code = "migration_failed"

    def __init__(self, name: str, reason: str) -> None:
        """Name the migration and give the database's reason."""
        self.name, self.reason = name, reason
        super().__init__(f"migration {name}: {reason}; it was rolled back")
