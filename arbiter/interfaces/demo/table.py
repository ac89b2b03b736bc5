"""How the demo's tables look."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Table


def ruled(title: str) -> Table:
    """An empty table under a title."""
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        caption_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
