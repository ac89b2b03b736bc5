"""How a command ends: one exit code for each thing a caller would do differently, one line that says why."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

import typer

OK = 0
REFUSED = 1
BAD_INPUT = 2
DATABASE = 3
INTERNAL = 70
INTERRUPTED = 130

MEANINGS = {
    OK: "done",
    REFUSED: "refused by a rule or a state: illegal transition, conflict, unknown task or kind,"
    " a key used for something else, a wait that was too short, a task that did not complete",
    BAD_INPUT: "bad input: an unknown command or option, a value that cannot be meant, bad settings;"
    " nothing was written",
    DATABASE: "the database cannot be reached, is too old, or is not migrated",
    INTERNAL: "an error of Arbiter's own",
    INTERRUPTED: "interrupted (Ctrl-C)",
}

_OTHER_THAN_REFUSED = {
    "usage": BAD_INPUT,
    "invalid_input": BAD_INPUT,
    "invalid_agent_data": BAD_INPUT,
    "nothing_to_review": BAD_INPUT,
    "database_error": DATABASE,
    "database_unavailable": DATABASE,
    "database_too_old": DATABASE,
    "embedded_unavailable": DATABASE,
    "migration_changed": DATABASE,
    "migration_failed": DATABASE,
    "schema_not_migrated": DATABASE,
    "internal": INTERNAL,
}


_THE_DATABASE_S = {"25", "42", "53", "57", "58"}
"""Classes of SQLSTATE that are no fault of a command: read-only, no right, no table, no room, shut down."""


def outcome(run: Callable[[], Any], *, as_json: bool) -> int:
    """Run a command and return its exit code; whatever went wrong is told on standard error."""
    try:
        code = run()
    except typer.Abort:
        sys.stderr.write("nothing was done\n")
        return REFUSED
    except Exception as error:  # noqa: BLE001 - a person gets a sentence, whatever happened
        document = described(error)
        if document["code"] == "internal":
            traceback.print_exception(error)
        _tell(document, as_json=as_json)
        return _OTHER_THAN_REFUSED.get(document["code"], REFUSED)
    return code if isinstance(code, int) else OK


def described(error: Exception) -> dict[str, Any]:
    """Tell an error as data: a stable code, one line for a person, and what the error knows."""
    format_usage = getattr(error, "format_message", None)
    if format_usage is not None:
        return {"code": "usage", "message": _usage(error, format_usage())}
    if str(getattr(error, "sqlstate", None))[:2] in _THE_DATABASE_S:
        return {"code": "database_error", "message": f"database: {str(error).splitlines()[0]}"}
    code = getattr(error, "code", None)
    if not isinstance(code, str):
        message = (
            f"internal error, please report it: {type(error).__name__}: {one_line(str(error))}"
        )
        return {"code": "internal", "message": message}
    # The library names its own options; a command line has others.
    message = one_line(str(error)).replace("any_kind=True", "--any-kind")
    known = {name: value for name, value in vars(error).items() if value not in ("", None)}
    return {"code": code, "message": message, **known}


def one_line(text: str) -> str:
    """Return a text without its line breaks."""
    return " ".join(text.split())


def _usage(error: Exception, said: str) -> str:
    said = one_line(said).rstrip(".").replace(". Did you mean", "; did you mean")
    if near := getattr(error, "possibilities", None):
        said = f"{said.split(' (')[0].rstrip('.')}; did you mean {' or '.join(near)}?"
    context = getattr(error, "ctx", None)
    advice = f"; see '{context.command_path} --help'" if context is not None else ""
    return f"{said[:1].lower()}{said[1:]}{advice}"


def _tell(document: dict[str, Any], *, as_json: bool) -> None:
    line = (
        json.dumps({"error": document}, default=_plain, ensure_ascii=False)
        if as_json
        else f"error: {document['message']}"
    )
    sys.stdout.flush()
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _plain(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, frozenset | set) else str(value)
