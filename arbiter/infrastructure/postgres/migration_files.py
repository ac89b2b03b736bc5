"""The numbered SQL files that a schema is made of."""

import re
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources.abc import Traversable

from arbiter.infrastructure.postgres.sql import HERE, in_schema

FOLDER: Traversable = HERE / "migrations"
FILE_NAME = re.compile(r"(?P<number>\d{4})_(?P<name>[a-z0-9_]+)\.sql")


@dataclass(frozen=True)
class Migration:
    """One step of the schema, unchangeable once released."""

    number: int
    name: str
    text: bytes

    @property
    def label(self) -> str:
        return f"{self.number:04}_{self.name}"

    @property
    def checksum(self) -> str:
        """Return a digest of the text; a checkout may change its line ends and nothing else."""
        return sha256(self.text.replace(b"\r\n", b"\n")).hexdigest()

    def sql(self, schema: str) -> bytes:
        return in_schema(self.text, schema)


def migrations(folder: Traversable = FOLDER) -> tuple[Migration, ...]:
    """Return all migrations in order; a misnamed file or a number used twice is an error."""
    found: dict[int, Migration] = {}
    for file in folder.iterdir():
        if not file.name.endswith(".sql"):
            continue
        parts = FILE_NAME.fullmatch(file.name)
        if parts is None:
            raise ValueError(f"{file.name} is not named like 0001_create_the_log.sql")
        migration = Migration(int(parts["number"]), parts["name"], file.read_bytes())
        if migration.number in found:
            raise ValueError(
                f"{migration.label} and {found[migration.number].label} share a number"
            )
        found[migration.number] = migration
    return tuple(found[number] for number in sorted(found))
