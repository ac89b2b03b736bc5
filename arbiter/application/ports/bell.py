"""Telling that there is something new."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from arbiter.application.ports.decisions import Entry

Word = Literal["log", "ready", "later", "agents", "counts"]
"""`agents` rings with every fact that changes whether an agent may have work; `counts`, when a view has
counted what its keeper may have to answer."""


class Bell(Protocol):
    """Tells, soon after a commit, that there is something new; may ring in vain, may miss a ring."""

    def listen(self, heard: Callable[[frozenset[str]], object]) -> Callable[[], None]:
        """Call with the words that rang ('log', 'agents', 'stop <incarnation>'); returns the way out."""
        ...


STOP_WORD = "stop "
"""Followed by an incarnation: something of its running tasks was cancelled or suspended."""


def words_of(entries: Sequence[Entry]) -> set[str]:
    """What to ring after appending these decisions."""
    words = {"log"}
    for made in entries:
        row = made.row
        if row is not None and row.status == "queued":
            words.add("ready" if row.due else "later")
        watched = row is not None and row.status == "running" and row.claimed_by is not None
        if row is not None and row.due_at is not None and not watched:
            words.add("later")  # a time limit bears on it that no handler's worker watches
        if made.tells is not None:
            words.add(f"{STOP_WORD}{made.tells}")
    return words
