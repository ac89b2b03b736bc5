"""The maintained tools behind the reviewers, and what to do when one is not installed."""

from __future__ import annotations

import shutil
import sys
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from types import ModuleType

from arbiter.domain.errors import ArbiterError

PARSING = Lock()
"""Held while Python source is taken apart: before 3.12 the interpreter's parser miscounts its depth when
threads use it at once, and says so with a SystemError. Both tools hold the interpreter anyway.
"""

EXTRA = "arbiter-orchestrator[demo]"


class ToolMissing(ArbiterError):
    """A reviewer's tool is not installed on this machine."""

    code = "tool_missing"

    def __init__(self, *tools: str) -> None:
        """Name the tools and the one command that brings them."""
        self.tools = tools
        names = ", ".join(tools)
        super().__init__(
            f"{names}: not installed here; pip install '{EXTRA}' brings what is missing"
        )


def require_tools() -> None:
    """Refuse, naming every tool that is missing; cheap, because nothing is loaded."""
    missing = [module for module in ("bandit", "radon") if find_spec(module) is None]
    if executable("ruff") is None:
        missing.append("ruff")
    if missing:
        raise ToolMissing(*missing)


def executable(name: str) -> str | None:
    """A tool's program: the one installed beside this Python first, then the one on PATH."""
    beside = Path(sys.executable).parent
    return shutil.which(name, path=str(beside)) or shutil.which(name)


def module(name: str) -> ModuleType:
    """A tool's module, loaded at first use: some take half a second."""
    try:
        return import_module(name)
    except ImportError as missing:
        raise ToolMissing(name.partition(".")[0]) from missing


def quiet_parsing() -> None:
    """Reviewed code may hold odd escapes; Python's warnings about them are not for the terminal."""
    # Only for text parsed without a file name, which is how the tools parse; a filter, because
    # catch_warnings is not for threads.
    warnings.filterwarnings("ignore", module="<unknown>")
