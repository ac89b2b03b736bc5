"""How help is laid out, and where every command's errors end up: plain text, quick to print."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

from arbiter.interfaces.cli.exits import outcome

EVERYWHERE = ("dsn", "schema", "config", "json")
"""Options that all commands have; the help lists them last."""

SECTIONS = {
    "Work": ("submit", "task", "queue"),
    "Agents": ("agents", "breakers"),
    "Run": ("worker",),
    "Look": ("stats", "failures", "doctor"),
    "Database": ("db",),
    "Try": ("demo", "bench"),
}


LONGEST_SENTENCE = 120


class Command(TyperCommand):
    """A command that tells its own options first, and those of every command apart."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and options."""
        own: list[tuple[str, str]] = []
        common: list[tuple[str, str]] = []
        given: list[tuple[str, str]] = []
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is None:
                continue
            if param.param_type_name == "argument":
                given.append(record)
            else:
                (common if param.name in (*EVERYWHERE, "help") else own).append(record)
        for title, records in (("Arguments", given), ("Options", own), ("Everywhere", common)):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class Group(TyperGroup):
    """A group that shows its help when it is asked nothing."""

    sections: ClassVar[Mapping[str, Sequence[str]]] = {}
    """Its commands by what they are for; all under one title if nothing is said."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read what was asked."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            raise typer.Exit
        return super().parse_args(ctx, args)

    def format_commands(self, _: Any, formatter: Any) -> None:
        """Write the commands, section by section, each with the whole of its first sentence."""
        width = max(len(name) for name in self.commands)
        for title, names in (self.sections or {"Commands": tuple(self.commands)}).items():
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (
                            name.ljust(width),
                            self.commands[name].get_short_help_str(LONGEST_SENTENCE),
                        )
                        for name in names
                    ]
                )


class Root(Group):
    """All commands; every error of theirs ends here, in one line."""

    sections = SECTIONS

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line; ends the process with its exit code unless told otherwise."""
        words = sys.argv[1:] if args is None else list(args)

        def run() -> Any:
            return super(Root, self).main(
                words, prog_name or "arbiter", complete_var, False, windows_expand_args, **extra
            )

        code = outcome(run, as_json="--json" in words)
        if standalone_mode:
            sys.exit(code)
        return code
