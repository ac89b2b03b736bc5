"""Finds our SQL in its files and puts the schema of the settings in the place of `arbiter.`."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from arbiter.domain.errors import InvalidInput

HERE = files("arbiter.infrastructure.postgres")
PLACEHOLDER = re.compile(rb'(?<![\w."])arbiter\.(?=[a-z_])')
PARAMETER = re.compile(rb"%(?:\((\w+)\)[sbt]|(%))")
PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")


@cache
def load(name: str, schema: str) -> bytes:
    """Return the statement `queries/<name>.sql` as it reads for one schema.

    Comments and indentation stay behind: the driver keeps only short statements analysed.
    """
    text = (HERE / "queries" / f"{name}.sql").read_bytes()
    lines = (line.strip() for line in text.splitlines() if not line.lstrip().startswith(b"--"))
    return in_schema(b"\n".join(line for line in lines if line), schema)


class Statement(NamedTuple):
    """A statement as the server reads it: its parameters are numbered."""

    text: bytes
    names: tuple[str, ...]
    """Of the parameters, in the order of their numbers."""

    def values(self, params: Mapping[str, Any]) -> list[Any]:
        """Put named values into that order."""
        return [params[name] for name in self.names]


@cache
def statement(name: str, schema: str) -> Statement:
    """Return the statement `queries/<name>.sql` with numbered parameters.

    The driver takes named ones apart with each call where a statement is as long as the hot ones are.
    """
    numbers: dict[str, int] = {}

    def numbered(found: re.Match[bytes]) -> bytes:
        if found[2]:
            return b"%"
        return b"$%d" % numbers.setdefault(found[1].decode(), len(numbers) + 1)

    text = PARAMETER.sub(numbered, load(name, schema))
    return Statement(text, tuple(numbers))


def in_schema(text: bytes, schema: str) -> bytes:
    """Put the quoted schema in the place of each `arbiter.` that begins a name."""
    prefix = quoted(schema).encode() + b"."
    return PLACEHOLDER.sub(lambda _: prefix, text)


def quoted(schema: str) -> str:
    """Return a schema's name as SQL writes it.

    Plain names only: the name also stands within literals ('arbiter.facts'::regclass) and beside
    parameters, where a quote or a percent sign would mean something else.
    """
    if not PLAIN_NAME.fullmatch(schema) or schema.startswith("pg_"):
        raise InvalidInput(
            "schema",
            f"{schema!r} is no name for it",
            "take 1 to 63 ASCII letters, digits, '_' or '-', not a digit or 'pg_' in front",
        )
    return f'"{schema}"'
