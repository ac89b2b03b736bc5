"""The lifecycle as a diagram and as a table, read from the facts' own lines."""

from __future__ import annotations

from collections.abc import Iterable

from arbiter.domain.facts.lifecycle import TaskFact, task_facts
from arbiter.domain.status import FINAL, Status

BEFORE_THE_FIRST = AFTER_THE_LAST = "[*]"
FEW = 3


def lifecycle_mermaid() -> str:
    """A Mermaid state diagram: one arrow for each two statuses, with the facts that lead there."""
    return _drawn((known, before) for known in task_facts() for before in _before(known))


def lifecycle_mermaid_short() -> str:
    """The same for a first look: only facts that change the status, and of those that follow more
    than three statuses only the arrow from running.
    """
    moving = [known for known in task_facts() if known.becomes is not None]
    return _drawn(
        (known, before)
        for known in moving
        for before in _before(known)
        if before is Status.RUNNING or len(known.after) <= FEW
    )


def lifecycle_table() -> str:
    """A Markdown table: each fact, what it follows, what it makes of it, what it says."""
    rows = [
        f"| `{known.topic}` | {_words(known)} | {_becomes(known)} | {_says(known)} |"
        for known in task_facts()
    ]
    return "\n".join(["| fact | after | becomes | says |", "|---|---|---|---|", *rows]) + "\n"


def _drawn(arrows: Iterable[tuple[type[TaskFact], str]]) -> str:
    facts: dict[tuple[str, str], list[str]] = {}
    for known, before in arrows:
        facts.setdefault((before, known.becomes or before), []).append(_short(known))
    lines = [
        f"    {before} --> {after}: {', '.join(led)}" for (before, after), led in facts.items()
    ]
    ends = [f"    {status} --> {AFTER_THE_LAST}" for status in Status if status in FINAL]
    return "\n".join(["stateDiagram-v2", *lines, *ends]) + "\n"


def _before(known: type[TaskFact]) -> list[str]:
    return [status for status in Status if status in known.after] or [BEFORE_THE_FIRST]


def _becomes(known: type[TaskFact]) -> str:
    return known.becomes or "same"


def _words(known: type[TaskFact]) -> str:
    return ", ".join(_before(known)) if known.after else "—"


def _short(known: type[TaskFact]) -> str:
    return known.topic.removeprefix("task.")


def _says(known: type[TaskFact]) -> str:
    return (known.__doc__ or "").partition("\n")[0]
