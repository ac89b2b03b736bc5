"""Columns of values as binary PostgreSQL arrays of one fixed type each.

The driver chooses an array's type by looking at its elements, so that an empty column, or one of nulls
only, would be another statement to prepare; and it dumps element by element. A hot statement has twenty
such columns for hundreds of rows. Here the type is fixed and a column is packed in one go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from struct import Struct
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, Connection
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

_HEADER = Struct(">iiIii")
_NULL = b"\xff\xff\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_SIXTEEN = b"\x00\x00\x00\x10"
_pack_int = Struct(">iq").pack
_pack_length = Struct(">i").pack
_pack_float = Struct(">id").pack
_TRUE, _FALSE = b"\x00\x00\x00\x01\x01", b"\x00\x00\x00\x01\x00"


_SMALL: dict[int | None, bytes] = {number: _pack_int(8, number) for number in range(1024)}
"""Versions, numbers, sizes: most integers are small, and looking one up is cheaper than packing it."""


class Packed:
    """A column, ready to be sent."""

    __slots__ = ("body",)
    element_oid: int
    array_oid: int

    def __init__(self, count: int, elements: Iterable[bytes]) -> None:
        """Join the elements behind the header of a one-dimensional array."""
        if count:
            header = _HEADER.pack(1, 1, self.element_oid, count, 1)
        else:
            header = _HEADER.pack(0, 0, self.element_oid, 0, 1)[:12]
        self.body = header + b"".join(elements)


class UuidArray(Packed):
    """uuid[]."""

    element_oid, array_oid = 2950, 2951


class Int8Array(Packed):
    """bigint[]."""

    element_oid, array_oid = 20, 1016


class Float8Array(Packed):
    """double precision[]."""

    element_oid, array_oid = 701, 1022


class TextArray(Packed):
    """text[]."""

    element_oid, array_oid = 25, 1009


class ByteaArray(Packed):
    """bytea[]."""

    element_oid, array_oid = 17, 1001


class TimestamptzArray(Packed):
    """timestamptz[]."""

    element_oid, array_oid = 1184, 1185


class BoolArray(Packed):
    """boolean[]."""

    element_oid, array_oid = 16, 1000


def uuids(values: Sequence[UUID | None]) -> UuidArray:
    """Pack a column of uuids."""
    return UuidArray(
        len(values),
        [_NULL if value is None else _SIXTEEN + value.int.to_bytes(16, "big") for value in values],
    )


def integers(values: Sequence[int | None]) -> Int8Array:
    """Pack a column of integers."""
    try:
        return Int8Array(len(values), [_SMALL[value] for value in values])
    except KeyError:
        return Int8Array(
            len(values), [_NULL if value is None else _pack_int(8, value) for value in values]
        )


def floats(values: Sequence[float]) -> Float8Array:
    """Pack a column of numbers, to the last bit."""
    return Float8Array(len(values), [_pack_float(8, value) for value in values])


def texts(values: Sequence[str | None]) -> TextArray:
    """Pack a column of texts; a value that is repeated is packed once."""
    packed = {value: _text(value) for value in set(values)}
    return TextArray(len(values), [packed[value] for value in values])


def blobs(values: Sequence[bytes]) -> ByteaArray:
    """Pack a column of bytes."""
    return ByteaArray(len(values), [_pack_length(len(value)) + value for value in values])


def moments(values: Sequence[datetime | None]) -> TimestamptzArray:
    """Pack a column of moments, microseconds kept."""
    return TimestamptzArray(
        len(values), [_NULL if value is None else _moment(value) for value in values]
    )


def booleans(values: Sequence[bool]) -> BoolArray:
    """Pack a column of truths."""
    return BoolArray(len(values), [_TRUE if value else _FALSE for value in values])


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    encoded = value.encode()
    return _pack_length(len(encoded)) + encoded


def _moment(value: datetime) -> bytes:
    span = value - _EPOCH
    return _pack_int(8, (span.days * 86400 + span.seconds) * 1_000_000 + span.microseconds)


KINDS = (UuidArray, Int8Array, Float8Array, TextArray, ByteaArray, TimestamptzArray, BoolArray)


class _PackedDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Packed) -> Buffer:
        """Send the column as it is."""
        return obj.body


def register(connection: AsyncConnection[Any] | Connection[Any]) -> None:
    """Teach a connection to send packed columns."""
    for kind in KINDS:
        dumper = type(f"{kind.__name__}Dumper", (_PackedDumper,), {"oid": kind.array_oid})
        connection.adapters.register_dumper(kind, dumper)
