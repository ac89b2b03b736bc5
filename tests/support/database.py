"""A PostgreSQL for the tests: given, in a container, or embedded; a database for each test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from arbiter.infrastructure.embedded.server import EmbeddedPostgres
from arbiter.infrastructure.postgres.migration_files import migrations
from arbiter.infrastructure.postgres.migrator import migrate
from tests.support.recycling import Recycler

SCHEMA = "arbiter"
IMAGE = "postgres:18"
FORGETFUL = (
    "postgres -c max_connections=200 -c autovacuum_naptime=1h"
    " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
)
TEMPLATE_LOCK = 7_281_640_225_512_004_981  # any number that nobody else on a shared server takes


@dataclass(frozen=True)
class Choice:
    """Which PostgreSQL the tests use, and why."""

    kind: Literal["given", "container", "embedded"]
    told: str
    dsn: str = ""
    image: str = IMAGE


@dataclass(frozen=True)
class Database:
    """One database of its own for one test."""

    name: str
    dsn: str


def choose(environ: Mapping[str, str] = os.environ) -> Choice:
    """Take the server that is given, else a Docker engine that answers, else the embedded one.

    ARBITER_TEST_DATABASE=embedded or =container leaves no choice.
    """
    image = environ.get("ARBITER_TEST_IMAGE", IMAGE)
    if dsn := environ.get("ARBITER_TEST_DSN"):
        return Choice("given", "the server of ARBITER_TEST_DSN", dsn=dsn)
    container = Choice("container", f"container of {image} (testcontainers)", image=image)
    match environ.get("ARBITER_TEST_DATABASE", ""):
        case "container":
            return container
        case "embedded":
            return Choice("embedded", "embedded PostgreSQL (ARBITER_TEST_DATABASE asks for it)")
        case "":
            why_not = why_no_container(image)
            return Choice("embedded", f"embedded PostgreSQL ({why_not})") if why_not else container
        case unknown:
            raise ValueError(
                f"ARBITER_TEST_DATABASE: {unknown!r} is neither embedded nor container"
            )


def why_no_container(image: str) -> str:
    """Return why containers are out of the question, or nothing when they are not."""
    try:
        import docker
        import testcontainers  # noqa: F401
    except ImportError:
        return "testcontainers is not installed"
    try:
        client = docker.from_env(timeout=2)
        client.ping()
    except Exception:  # noqa: BLE001  each transport fails in a way of its own
        return "no Docker engine answers"
    try:
        client.images.get(image)
    except docker.errors.ImageNotFound:
        try:
            docker.from_env().images.pull(image)
        except docker.errors.DockerException:
            return f"the Docker engine has no image {image} and cannot pull it"
    finally:
        client.close()
    return ""


@contextmanager
def serving(choice: Choice, folder: Path) -> Iterator[str]:
    """Have the chosen server run, and give the connection string of its first user.

    The embedded one may be asked for by several test processes: they share it by its folder.
    """
    match choice.kind:
        case "given":
            yield choice.dsn
        case "container":
            with container_of(choice.image) as dsn:
                yield dsn
        case "embedded":
            settings = {"max_connections": "200", "autovacuum_naptime": "1h"}
            with EmbeddedPostgres(folder, durable=False, settings=settings) as server:
                yield server.dsn


@contextmanager
def container_of(image: str) -> Iterator[str]:
    from docker.errors import DockerException
    from testcontainers.core.config import testcontainers_config

    try:
        from testcontainers.community.postgres import PostgresContainer
    except ImportError:  # before 4.15
        from testcontainers.postgres import PostgresContainer

    def prepared():
        return PostgresContainer(image, driver=None).with_command(FORGETFUL)

    container = prepared()
    try:
        container.start()
    except DockerException:
        if testcontainers_config.ryuk_disabled:
            raise
        # Ryuk, which clears up after killed test runs, is an image too, and may be out of reach.
        testcontainers_config.ryuk_disabled = True
        container = prepared()
        container.start()
    try:
        yield container.get_connection_url()
    finally:
        container.stop()


class Databases:
    """Makes databases on one server, as copies of a template that was migrated once.

    A database whose rows alone have changed is emptied and lent again: a copy takes a fifth of a second, with
    the first connections to it.
    """

    def __init__(self, server_dsn: str) -> None:
        self._server_dsn = server_dsn
        self._connection: Connection[Any] = psycopg.connect(server_dsn, autocommit=True)
        self._template = ""
        self._like_new: list[tuple[Database, Recycler]] = []

    def close(self) -> None:
        for database, recycler in self._like_new:
            recycler.close()
            self._drop(database)
        self._connection.close()

    @contextmanager
    def migrated(self) -> Iterator[Database]:
        """Lend a database with our schema in it."""
        if not self._template:
            self._template = self._make_template()
        database, recycler = self._like_new.pop() if self._like_new else self._new()
        try:
            yield database
        finally:
            if recycler.recycle():
                self._like_new.append((database, recycler))
            else:
                recycler.close()
                self._drop(database)

    def _new(self) -> tuple[Database, Recycler]:
        database = self._copied(self._template)
        return database, Recycler(database.dsn)

    @contextmanager
    def empty(self) -> Iterator[Database]:
        """Lend a database with nothing in it."""
        database = self._copied("template0")
        try:
            yield database
        finally:
            self._drop(database)

    def _copied(self, template: str) -> Database:
        database = self._named(f"arbiter_test_{uuid.uuid4().hex[:12]}")
        self._run("CREATE DATABASE {} TEMPLATE {}", database.name, template)
        return database

    def _drop(self, database: Database) -> None:
        self._run("DROP DATABASE {} WITH (FORCE)", database.name)

    def _make_template(self) -> str:
        # Named by its content: a server that is given keeps it from one run to the next.
        content = "".join(migration.checksum for migration in migrations())
        ready = self._named(f"arbiter_template_{sha256(content.encode()).hexdigest()[:12]}")
        growing = self._named(f"{ready.name}_new")
        self._connection.execute("SELECT pg_advisory_lock(%s)", (TEMPLATE_LOCK,))
        try:
            known = "SELECT FROM pg_database WHERE datname = %s"
            if self._connection.execute(known, (ready.name,)).fetchone() is None:
                self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", growing.name)
                self._run("CREATE DATABASE {} TEMPLATE template0", growing.name)
                migrate(growing.dsn, SCHEMA)
                self._run("ALTER DATABASE {} RENAME TO {}", growing.name, ready.name)
        finally:
            self._connection.execute("SELECT pg_advisory_unlock(%s)", (TEMPLATE_LOCK,))
        return ready.name

    def _named(self, name: str) -> Database:
        return Database(name, make_conninfo(self._server_dsn, dbname=name))

    def _run(self, text: str, *names: str) -> None:
        self._connection.execute(SQL(text).format(*map(Identifier, names)))
