"""The command line in this process, and in a real one, each on a database of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from arbiter import Arbiter, connect
from arbiter.interfaces.cli.app import app
from tests.support.database import Database


@dataclass(frozen=True)
class Ran:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one line on standard error."""
        assert self.err.count("\n") == 1, self.err
        return self.err.removesuffix("\n")

    @property
    def json_error(self) -> dict[str, Any]:
        """The one error on standard error, as data."""
        return json.loads(self.error)["error"]


@dataclass(frozen=True)
class CommandLine:
    """Runs commands with an environment of its own."""

    environ: Mapping[str, str]
    folder: Path
    others: Mapping[str, None] = field(default_factory=dict)

    def __call__(self, *words: str, code: int | None = 0, input: str | None = None) -> Ran:  # noqa: A002
        """Run a command in this process; fail when it ends with another code."""
        ran = CliRunner().invoke(
            app, list(words), input=input, env={**self.others, **self.environ}, prog_name="arbiter"
        )
        result = Ran(ran.exit_code, ran.stdout, ran.stderr)
        assert code is None or result.code == code, (words, result)
        return result

    def with_environ(self, **more: str) -> CommandLine:
        """Return the same, with more variables."""
        return CommandLine({**self.environ, **more}, self.folder, self.others)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command in a process of its own."""
        return self.start_with(*words)

    def start_with(
        self, *words: str, stdin: int = subprocess.DEVNULL, stderr: int = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        """Start a command that reads from somewhere, or complains elsewhere."""
        return subprocess.Popen(
            [sys.executable, "-m", "arbiter", *words],
            cwd=self.folder,
            env=self._whole_environ(),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )

    def run(self, *words: str, code: int | None = 0) -> Ran:
        """Run a command in a process of its own."""
        process = self.start(*words)
        out, err = process.communicate(timeout=60)
        result = Ran(process.returncode, out, err)
        assert code is None or result.code == code, (words, result)
        return result

    def _whole_environ(self) -> dict[str, str]:
        whole = {name: value for name, value in os.environ.items() if name not in self.others}
        root = str(Path(__file__).parents[3])
        return {**whole, "PYTHONPATH": root, "PYTHONUNBUFFERED": "1", **self.environ}


@pytest.fixture
def nowhere(tmp_path: Path) -> CommandLine:
    """A command line whose database nobody named."""
    others = dict.fromkeys(name for name in os.environ if name.startswith("ARBITER_"))
    environ = {"COLUMNS": "120", "NO_COLOR": "1", "TERM": "dumb", "LOGNAME": "ada"}
    return CommandLine(environ, tmp_path, others)


@pytest.fixture
def cli(nowhere: CommandLine, database: Database) -> CommandLine:
    """A command line on a database of its own."""
    return nowhere.with_environ(ARBITER_DATABASE_URL=database.dsn)


@pytest.fixture
def arbiter(database: Database) -> Iterator[Arbiter]:
    """The library on the same database, hosting nothing yet."""
    with connect(dsn=database.dsn, drain_seconds=0) as arbiter:
        yield arbiter


def greet(task) -> Any:
    if task.payload == "boom":
        raise ValueError("there was a boom")
    return {"hello": task.payload}


@pytest.fixture
def greeting(arbiter: Arbiter) -> Arbiter:
    """The library, hosting an agent for the kind greet, which fails at once on "boom"."""
    from arbiter import RetryPolicy

    arbiter.agent("greeter", kinds={"greet"}, retry=RetryPolicy(max_attempts=1))(greet)
    arbiter.start()
    return arbiter


def facts_in(database: Database) -> int:
    """Return how many facts a database holds."""
    with psycopg.connect(database.dsn) as connection:
        row = connection.execute("SELECT count(*) FROM arbiter.facts").fetchone()
    assert row is not None
    return int(row[0])
