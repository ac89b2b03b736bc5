"""Decision records are numbered once, whole, and listed."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT

FOLDER = ROOT / "docs" / "adr"
RECORDS = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
SECTIONS = ["Context", "Decision", "Rejected alternatives", "Consequences", "Evidence"]
STATUSES = r"(Proposed|Accepted|Superseded by \[\d{4}\]\(\d{4}-[a-z0-9-]+\.md\))"


def named(path: Path) -> str:
    return path.stem


def test_no_number_is_used_twice():
    numbers = Counter(path.name[:4] for path in RECORDS)
    assert [number for number, times in numbers.items() if times > 1] == []


@pytest.mark.parametrize("record", RECORDS, ids=named)
def test_a_file_is_named_by_number_and_words(record: Path):
    assert re.fullmatch(r"\d{4}(-[a-z0-9]+)+\.md", record.name)


@pytest.mark.parametrize("record", RECORDS, ids=named)
def test_a_record_opens_with_its_number_date_and_status(record: Path):
    number = int(record.name[:4])
    opening = "\n".join(record.read_text(encoding="utf-8").splitlines()[:5])
    assert re.search(rf"^# {number}\. \S", opening, re.MULTILINE)
    assert re.search(rf"^Date: \d{{4}}-\d\d-\d\d · Status: {STATUSES}$", opening, re.MULTILINE)


@pytest.mark.parametrize("record", RECORDS, ids=named)
def test_a_record_has_every_section_in_order_and_none_empty(record: Path):
    text = record.read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    headings, bodies = parts[1::2], parts[2::2]
    assert headings == SECTIONS
    assert [
        heading for heading, body in zip(headings, bodies, strict=True) if not body.strip()
    ] == []


@pytest.mark.parametrize("record", RECORDS, ids=named)
def test_a_record_is_in_the_index(record: Path):
    assert f"({record.name})" in (FOLDER / "README.md").read_text(encoding="utf-8")
