"""Keys in order: cheap to take from the front, to add at the end, and to remove anywhere."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from itertools import islice
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=tuple[Any, ...])

TRIM_AT = 512
"""So many keys may be gone from the front before the list is moved up."""


class Ordered(Generic[K]):
    """Each key at most once; the front moves instead of the list, so that claiming copies nothing."""

    __slots__ = ("_front", "_keys", "_trim_at")

    def __init__(self, trim_at: int = TRIM_AT) -> None:
        self._keys: list[K] = []
        self._front, self._trim_at = 0, trim_at

    def add(self, key: K) -> None:
        """Put a new key in its place."""
        insort(self._keys, key, lo=self._front)

    def remove(self, key: K) -> None:
        """Take a key out."""
        place = bisect_left(self._keys, key, lo=self._front)
        if place != self._front:
            del self._keys[place]
            return
        self._front += 1
        if self._front >= self._trim_at and self._front * 2 >= len(self._keys):
            del self._keys[: self._front]
            self._front = 0

    def first(self) -> K | None:
        """Return the first key; None when there is none."""
        return self._keys[self._front] if self else None

    def __iter__(self) -> Iterator[K]:
        return islice(self._keys, self._front, None)

    def __len__(self) -> int:
        return len(self._keys) - self._front
