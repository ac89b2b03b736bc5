"""The page about the command line, written from the command line itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from inspect import cleandoc
from typing import Any

from typer.main import get_command

from arbiter.interfaces.cli.app import app
from arbiter.interfaces.cli.exits import MEANINGS
from arbiter.interfaces.cli.layout import EVERYWHERE

PAGE = """\
# The command line

<!-- Written by `python -m arbiter.testing.docs` from the commands themselves; a test compares. -->

`arbiter`, or `python -m arbiter`, is every verb of the library. All commands that name no database
share one embedded PostgreSQL, which starts with the first of them and stops with the last.

```console
$ arbiter submit greet '{{"to": "Ada"}}' --any-kind --hold "try it first"
$ arbiter task list --status held
$ arbiter doctor
```

## Options of every command

{everywhere}
Settings come from a TOML file, over it the `ARBITER_*` variables, over them the options. A task's id may
be cut short to its first 8 characters or more, as long as no other task's begins the same. Spans of time
are written `90`, `90s`, `10m`, `1h30m` or `2d`; moments in ISO 8601, or as a span from now (`+10m`).

## JSON

With `--json`, a command writes one JSON document on one line of standard output; a list is an array in
it, under a name (`tasks`, `facts`, `queues`), beside what belongs to the whole list, like the cursor
`next`. Two are different: `arbiter worker` writes one document for each of its events (`hosting`,
`draining`, `stopped`), and `arbiter demo` and `arbiter bench` write theirs as the last line.

What goes wrong is one line on standard error: `error: …`, or with `--json`
`{{"error": {{"code": …, "message": …}}}}` with what else is known, such as `field`, `reason` and `task_id`.
Codes are stable; messages may improve.

## Exit codes

| code | meaning |
|---|---|
{exits}

## Completion

`arbiter --install-completion` sets up completion for your shell; `arbiter --show-completion` prints what
that would add.

{commands}"""


def page() -> str:
    """Return the page."""
    root: Any = get_command(app)
    first = next(command for _, command in _walk("arbiter", root))
    common = [param for param in first.params if param.name in EVERYWHERE]
    return PAGE.format(
        everywhere=_table(common),
        exits="\n".join(f"| {code} | {meaning} |" for code, meaning in MEANINGS.items()),
        commands="\n".join(_section(path, command) for path, command in _walk("arbiter", root)),
    )


def _walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Go through the commands, in the order of the help."""
    names = [name for section in command.sections.values() for name in section]
    for name in names or command.commands:
        inner = command.commands[name]
        if hasattr(inner, "commands"):
            yield from _walk(f"{path} {name}", inner)
        else:
            yield f"{path} {name}", inner


def _section(path: str, command: Any) -> str:
    own = [param for param in command.params if param.name not in EVERYWHERE]
    arguments = [_metavar(param) for param in own if param.param_type_name == "argument"]
    usage = " ".join([path, *arguments])
    return f"## `{usage}`\n\n{cleandoc(command.help)}\n\n{_table(own)}"


def _metavar(param: Any) -> str:
    return str(param.metavar) if param.required else f"[{param.metavar}]"


def _table(params: Iterable[Any]) -> str:
    rows = [f"| {_names(param)} | {_escaped(_help(param))} |" for param in params]
    if not rows:
        return ""
    return "\n".join(["| | what it says |", "|---|---|", *rows]) + "\n"


def _names(param: Any) -> str:
    if param.param_type_name == "argument":
        return f"`{_escaped(_metavar(param))}`"
    value = f" {_escaped(param.metavar)}" if param.metavar else ""
    return ", ".join(f"`{name}{value}`" for name in param.opts)


def _help(param: Any) -> str:
    has_default = param.default not in (None, False)
    return f"{param.help} Default: {param.default}." if has_default else str(param.help)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
