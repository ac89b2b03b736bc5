"""Writes the pages that are read from the code.

python -m arbiter.testing.docs [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

from arbiter.domain.diagram import lifecycle_mermaid, lifecycle_table
from arbiter.domain.status import FINAL, LIVE, PARKED, Status
from arbiter.interfaces.cli.reference import page as command_line

LIFECYCLE = """\
# The life of a task

<!-- Written by `python -m arbiter.testing.docs` from the lines above the facts; a test compares. -->

A task's status is the fold of its facts. Each fact states which statuses it may follow and which it
leads to; where the table has no arrow, the verb refuses with `illegal_transition` and nothing is
written.

- **Live** tasks want something: {live}.
- **Parked** is {parked}: the run has ended, and only a redrive leaves it.
- **Final** are {final}: nothing follows.
- No task rests in pending: the append that makes it pending also holds the gate's answer, which is
  validated, held or rejected.
- "same" means that the status stays what it is.

## Every fact

{table}
## Every arrow

```mermaid
{diagram}```
"""


def pages() -> dict[str, str]:
    """The generated pages: where each lies under the folder of the docs, and what it says."""
    page = LIFECYCLE.format(
        live=_listed(LIVE),
        parked=_listed(PARKED),
        final=_listed(FINAL),
        table=lifecycle_table(),
        diagram=lifecycle_mermaid(),
    )
    return {"reference/lifecycle.md": page, "reference/cli.md": command_line()}


def _listed(statuses: frozenset[Status]) -> str:
    return ", ".join(status for status in Status if status in statuses)


def write(folder: Path) -> list[Path]:
    """Write every page that says something else by now, and tell which."""
    written = []
    for name, text in pages().items():
        page = folder / name
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(text, encoding="utf-8")
            written.append(page)
    return written


if __name__ == "__main__":
    for page in write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs")):
        sys.stdout.write(f"wrote {page}\n")
