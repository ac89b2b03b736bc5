"""What the README and the docs show is run: a snippet that no longer works fails here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.markdown import Block, blocks, commands, pages

PATIENCE = 100  # seconds; the demo alone may take 60

ALL = [block for page in pages() for block in blocks(page)]
PYTHON = [block for block in ALL if block.language == "python"]
CONSOLE = [block for block in ALL if block.language in {"console", "bash"} and commands(block)]


def cases(found: list[Block]) -> list[object]:
    return [pytest.param(block, id=block.name) for block in found if block.not_run is None]


@pytest.mark.parametrize("block", cases(PYTHON))
def test_a_python_block_runs(block: Block, reader: dict[str, str], tmp_path: Path):
    ran = subprocess.run(
        [sys.executable, "-c", story_so_far(block)],
        cwd=tmp_path,
        env=reader,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert ran.returncode == 0, f"{block.name}\n{ran.stdout}{ran.stderr}"


@pytest.mark.parametrize("block", cases(CONSOLE))
def test_the_commands_of_a_console_block_run(block: Block, reader: dict[str, str], tmp_path: Path):
    *first, last = commands(block)
    for command, expected in [*((command, 0) for command in first), (last, block.exit_code)]:
        ran = subprocess.run(
            command,
            shell=True,
            cwd=tmp_path,
            env=reader,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert ran.returncode == expected, f"{block.name}: {command}\n{ran.stdout}{ran.stderr}"


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_block_that_is_not_run_says_why(page: Path):
    silent = [block.name for block in blocks(page) if block.not_run == ""]
    assert not silent


def story_so_far(block: Block) -> str:
    """The block, after those of its page that it continues."""
    chain = [block.source]
    for earlier in reversed(PYTHON[: PYTHON.index(block)]):
        if not block.continues or earlier.page != block.page:
            break
        chain.append(earlier.source)
        block = earlier
    return "\n".join(reversed(chain))
