from __future__ import annotations

import re

from arbiter.domain.diagram import lifecycle_mermaid, lifecycle_mermaid_short, lifecycle_table
from arbiter.domain.facts import task_facts
from arbiter.domain.status import Status

ARROW = re.compile(r"^    (\S+) --> (\S+?)(?:: (.+))?$")


def arrows(diagram: str) -> set[tuple[str, str, str]]:
    heading, *lines = diagram.splitlines()
    assert heading == "stateDiagram-v2"
    found = [ARROW.fullmatch(line) for line in lines]
    return {(match[1], match[2], fact) for match in found for fact in (match[3] or "").split(", ")}


def test_the_diagram_has_every_arrow_of_every_fact_and_no_other():
    lines = {
        (before, known.becomes or before, known.topic.removeprefix("task."))
        for known in task_facts()
        for before in (known.after or {"[*]"})
    }
    ends = {(status, "[*]", "") for status in ("completed", "cancelled", "rejected")}
    assert arrows(lifecycle_mermaid()) == lines | ends


def test_the_short_diagram_is_a_part_of_it_and_still_shows_every_status():
    short = arrows(lifecycle_mermaid_short())
    assert short < arrows(lifecycle_mermaid())
    assert {status for before, after, _ in short for status in (before, after)} == {*Status, "[*]"}
    assert not any(before == after for before, after, _ in short)
    assert len(short) < 25


def test_the_table_has_a_row_for_every_fact():
    _, _, *rows = lifecycle_table().splitlines()
    assert [row.split("|")[1].strip(" `") for row in rows] == [
        known.topic for known in task_facts()
    ]
    assert (
        rows[1] == "| `task.validated` | pending | queued | The gate let the task into the queue. |"
    )
