"""The bell in memory: rings on the event loop, soon after the change, never inside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

Heard = Callable[[frozenset[str]], object]


class MemoryBell:
    """Tells every listener of this store; a listener's error reaches the loop, never who rang."""

    def __init__(self) -> None:
        self._listeners: dict[object, Heard] = {}

    def listen(self, heard: Heard) -> Callable[[], None]:
        """Call with the words that rang; return the way out."""
        listener = object()
        self._listeners[listener] = heard

        def leave() -> None:
            self._listeners.pop(listener, None)

        return leave

    def ring(self, words: Iterable[str]) -> None:
        """Tell these words to everybody who listens, and still does when their turn comes."""
        rung = frozenset(words)
        for listener in self._listeners:
            asyncio.get_running_loop().call_soon(self._tell, listener, rung)

    def _tell(self, listener: object, rung: frozenset[str]) -> None:
        heard = self._listeners.get(listener)
        if heard is not None:
            heard(rung)
