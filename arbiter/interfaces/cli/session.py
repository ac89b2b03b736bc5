"""One run of one command: the settings it was given, its way to the database, and how it speaks."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from arbiter.domain.errors import InvalidInput

if TYPE_CHECKING:  # imported when a command runs: help must not wait for the database driver
    from rich.console import Console

    from arbiter.bootstrap import Arbiter
    from arbiter.settings import Settings

WIDE = 160
"""Columns of a table that goes into a file or a pipe."""


@dataclass(frozen=True)
class Session:
    """What the options of every command say."""

    dsn: str | None = None
    schema: str | None = None
    config: Path | None = None
    json: bool = False

    def settings(self, **values: Any) -> Settings:
        """Return the settings: a file's, over them the environment's, over them the options'.

        Values that are None were not given. This is the one reader of the environment.
        """
        from arbiter.bootstrap import merged
        from arbiter.settings import FILE_VARIABLE, Settings

        environ = dict(os.environ)
        if self.config is not None:
            environ[FILE_VARIABLE] = str(self.config)
        if self.dsn is not None and not self.dsn.strip():
            raise InvalidInput("--dsn", "is empty", "leave it out for the embedded server")
        given = {"schema": self.schema, **values}
        told = {name: value for name, value in given.items() if value is not None}
        return merged(Settings.from_env(environ), self.dsn, told, "the options")

    @contextmanager
    def arbiter(self, **values: Any) -> Iterator[Arbiter]:
        """Lend an Arbiter on the database of the settings."""
        from arbiter.bootstrap import connect

        arbiter = connect(settings=self.settings(**values))
        try:
            yield arbiter
        finally:
            arbiter.stop(drain=0)

    def answer(self, document: object, show: Callable[[Console], None]) -> None:
        """Give the command's answer: a JSON document, or what `show` makes of it for a person."""
        if self.json:
            self.write(document)
        else:
            show(self.out)

    def write(self, document: object) -> None:
        """Write one JSON document on a line of its own."""
        import msgspec

        sys.stdout.write(msgspec.json.encode(document, enc_hook=str).decode() + "\n")
        sys.stdout.flush()

    def note(self, sentence: str) -> None:
        """Say something beside the answer."""
        if not self.json:
            self.err.print(sentence, style="dim")

    def note_lag(self, facts: int) -> None:
        """Say that the views do not know everything yet."""
        if facts:
            self.note(f"the views are {facts:,} facts behind the log; a worker keeps them up")

    def must_be_able_to_ask(self, *, yes: bool) -> None:
        """Refuse what needs a yes where nobody can say it. Raises InvalidInput."""
        if not yes and (self.json or not sys.stdin.isatty()):
            raise InvalidInput("--yes", "is missing", "nobody can be asked here")

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask before it is done. Raises Abort."""
        if yes:
            return
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise typer.Abort

    @contextmanager
    def waiting(self, sentence: str) -> Iterator[None]:
        """Show that something is waited for, where somebody looks."""
        if self.json or not self.err.is_terminal:
            yield
        else:
            with self.err.status(sentence):
                yield

    @cached_property
    def out(self) -> Console:
        """Where the answer goes."""
        return _console(stderr=False)

    @cached_property
    def err(self) -> Console:
        """Where everything else goes."""
        return _console(stderr=True)


def user(named: str | None) -> str:
    """Return who gives an order: the one who is named, else the user of this process."""
    if named is not None:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may have a user without a name
        return f"uid {os.getuid()}"


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    is_plain = not stream.isatty() and "COLUMNS" not in os.environ
    return Console(stderr=stderr, highlight=False, width=WIDE if is_plain else None)
