"""How the demo's tables look."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Table


def ruled(title: str | None = None) -> Table:
    """An empty table, under a title if there is one."""
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        caption_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
