"""A command: a function of a session and its own options, with the options that every command has."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from arbiter.interfaces.cli.layout import EVERYWHERE, Command
from arbiter.interfaces.cli.session import Session


def _everywhere(
    *,
    dsn: Annotated[
        str | None,
        typer.Option(
            "--dsn",
            metavar="URL",
            help="PostgreSQL to use (ARBITER_DATABASE_URL); an embedded one if none is named.",
            show_default=False,
        ),
    ] = None,
    schema: Annotated[
        str | None,
        typer.Option(
            "--schema",
            metavar="NAME",
            help="Schema of the tables (ARBITER_SCHEMA); arbiter by default.",
            show_default=False,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="Settings in TOML (ARBITER_CONFIG); variables and options go over it.",
            show_default=False,
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Answer with one JSON document.", show_default=False)
    ] = False,
) -> None:
    """Hold the options of every command; never called."""


COMMON = tuple(inspect.signature(_everywhere, eval_str=True).parameters.values())


class Verb:
    """One command of the command line."""

    def __init__(self, name: str, ask: Callable[..., int | None]) -> None:
        """`ask` takes a session first, then options by name; it may return an exit code."""
        self.name, self.ask = name, ask

    def join(self, app: typer.Typer) -> None:
        """Make it a command of an app or a group."""

        def run(**given: Any) -> int | None:
            session = Session(**{name: given.pop(name) for name in EVERYWHERE})
            return self.ask(session, **given)

        _, *own = inspect.signature(self.ask, eval_str=True).parameters.values()
        parameters = [each.replace(kind=each.KEYWORD_ONLY) for each in (*own, *COMMON)]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        run.__doc__ = self.ask.__doc__
        app.command(self.name, cls=Command)(run)


def verb(name: str) -> Callable[[Callable[..., int | None]], Verb]:
    """Make a function a command of this name."""
    return partial(Verb, name)
