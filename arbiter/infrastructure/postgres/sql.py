"""Finds our SQL in its files and puts the schema of the settings in the place of `arbiter.`."""

import re
from functools import cache
from importlib.resources import files

from arbiter.domain.errors import InvalidInput

HERE = files("arbiter.infrastructure.postgres")
PLACEHOLDER = re.compile(rb'(?<![\w."])arbiter\.(?=[a-z_])')
PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")


@cache
def load(name: str, schema: str) -> bytes:
    """Return the statement `queries/<name>.sql` as it reads for one schema.

    Comments and indentation stay behind: the driver keeps only short statements analysed.
    """
    text = (HERE / "queries" / f"{name}.sql").read_bytes()
    lines = (line.strip() for line in text.splitlines() if not line.lstrip().startswith(b"--"))
    return in_schema(b"\n".join(line for line in lines if line), schema)


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
