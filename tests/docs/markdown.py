"""Reads the fenced blocks of a Markdown page, and what an HTML comment above one says about it.

<!-- not run: why -->   the block is shown, never run; without a reason it is refused
<!-- continues -->      a Python block that goes on where the last one of its page ended
<!-- exit: 3 -->        the last command of a console block ends with this exit code
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

FENCE = re.compile(r"^(?P<indent>\s*)(?P<ticks>`{3,}|~{3,})\s*(?P<language>[\w+-]*)")
REMARK = re.compile(r"^\s*<!--\s*(?P<word>not run|continues|exit)\s*:?\s*(?P<said>.*?)\s*-->\s*$")


@dataclass(frozen=True, kw_only=True)
class Block:
    page: Path
    line: int
    language: str
    source: str
    not_run: str | None = None
    continues: bool = False
    exit_code: int = 0

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> Iterator[Block]:
    """Every fenced block of a page, in order."""
    remarks: dict[str, str] = {}
    lines = enumerate(page.read_text(encoding="utf-8").splitlines(), start=1)
    for number, line in lines:
        if remark := REMARK.match(line):
            remarks[remark["word"]] = remark["said"]
        elif fence := FENCE.match(line):
            body = []
            for _, inside in lines:
                if inside.strip() == fence["ticks"]:
                    break
                body.append(inside)
            yield _block(page, number, fence["language"], body, remarks)
            remarks = {}
        elif line.strip():
            remarks = {}


def _block(page: Path, line: int, language: str, body: list[str], remarks: dict[str, str]) -> Block:
    return Block(
        page=page,
        line=line,
        language=language,
        source=textwrap.dedent("\n".join(body)) + "\n",
        not_run=remarks.get("not run"),
        continues="continues" in remarks,
        exit_code=int(remarks.get("exit", "0")),
    )


def commands(block: Block) -> list[str]:
    """The `$ arbiter …` lines of a console block, continuation lines joined."""
    joined = block.source.replace("\\\n", " ")
    return [line[2:].strip() for line in joined.splitlines() if line.startswith("$ arbiter")]
