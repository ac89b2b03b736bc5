"""The page of the lifecycle says what the facts' lines say."""

from __future__ import annotations

from pathlib import Path

import pytest

from arbiter.testing.docs import pages, write
from tests.docs.markdown import ROOT


@pytest.mark.parametrize("name", pages())
def test_a_page_read_from_the_code_is_up_to_date(name: str):
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert written == pages()[name], "run python -m arbiter.testing.docs"


def test_only_a_page_that_says_something_else_is_written(tmp_path: Path):
    page = tmp_path / "reference" / "lifecycle.md"
    assert write(tmp_path) == [tmp_path / name for name in pages()]
    assert write(tmp_path) == []
    page.write_text("old", encoding="utf-8")
    assert write(tmp_path) == [page]
