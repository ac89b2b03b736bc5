"""Where the database is: the one that is named, or an embedded one that is started and migrated for us."""

from __future__ import annotations

import threading

from arbiter.infrastructure.embedded.server import EmbeddedPostgres
from arbiter.infrastructure.postgres.migrator import migrate
from arbiter.settings import Settings


class Locator:
    """Tells the connection string; holds the embedded server while it is used."""

    def __init__(self, settings: Settings) -> None:
        """Start nothing."""
        self._settings = settings
        self._server: EmbeddedPostgres | None = None
        self._alone = threading.Lock()

    @property
    def is_embedded(self) -> bool:
        """No database is named."""
        return self._settings.database_url is None

    def locate(self) -> str:
        """Return the connection string, and start the embedded server if there is to be one.

        A named database is never migrated here: that is the operator's to decide.
        """
        named = self._settings.dsn
        if named is not None:
            return named
        with self._alone:
            if self._server is None:
                server = EmbeddedPostgres(
                    self._settings.embedded_dir,
                    binaries=self._settings.pg_bin,
                )
                server.start()
                self._server = server
                migrate(server.dsn, self._settings.schema_name)
            return self._server.dsn

    def release(self) -> None:
        """Let go of the embedded server; it stops when nobody else holds it."""
        with self._alone:
            if self._server is not None:
                self._server.stop()
                self._server = None
