"""Which kinds of task have ever been hosted."""

from __future__ import annotations

from arbiter.application.ports import Directory


class KnownKinds:
    """The directory's kinds, and those declared in this process; asks again only for news."""

    def __init__(self, directory: Directory) -> None:
        """Know nothing yet."""
        self._directory = directory
        self._declared: set[str] = set()
        self._read: frozenset[str] = frozenset()

    @property
    def known(self) -> frozenset[str]:
        """Every kind known by now."""
        return self._read | self._declared

    def declare(self, kinds: frozenset[str]) -> None:
        """Add kinds that an agent of this process hosts."""
        self._declared |= kinds

    def is_known(self, kind: str) -> bool:
        """Tell whether a kind is known by now; kinds are never forgotten, so only a no is to be checked."""
        return kind in self._declared or kind in self._read

    async def knows(self, kind: str) -> bool:
        """Tell whether a kind was ever hosted."""
        if self.is_known(kind):
            return True
        self._read = await self._directory.kinds()
        return kind in self._read
