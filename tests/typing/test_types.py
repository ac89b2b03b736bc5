"""The public types hold: what a user's type checker is promised, and what it is to refuse."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SAMPLES = sorted(path for path in HERE.glob("*.py") if not path.name.startswith("test_"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_mypy_agrees_with_the_sample(sample: Path):
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", str(sample)],
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
