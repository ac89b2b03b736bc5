"""What is said when a reviewer's tool is not installed."""

import os
import sys
import tomllib
from pathlib import Path

import pytest

from arbiter.interfaces.demo.tools import EXTRA, ToolMissing, executable, module, require_tools

ROOT = Path(__file__).parents[3]


@pytest.fixture
def no_programs(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def a_program(file):
    file.parent.mkdir(exist_ok=True)
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return str(file)


def test_all_three_tools_are_here():
    require_tools()


def test_every_missing_tool_is_named_with_the_command_that_brings_it(monkeypatch, no_programs):
    monkeypatch.setitem(sys.modules, "radon", None)  # Python's own way to say: not installed
    with pytest.raises(ToolMissing) as refused:
        require_tools()
    assert refused.value.tools == ("radon", "ruff")
    assert refused.value.code == "tool_missing"
    assert f"pip install '{EXTRA}'" in str(refused.value)


def test_a_missing_module_is_named_by_its_tool():
    with pytest.raises(ToolMissing, match=r"^martian: not installed"):
        module("martian.core.manager")


def test_the_program_beside_python_comes_before_the_one_on_path(monkeypatch, no_programs):
    monkeypatch.setenv("PATH", str(no_programs / "path"))
    elsewhere = a_program(no_programs / "path" / "ruff")
    assert executable("ruff") == elsewhere
    beside = a_program(no_programs / "ruff")
    assert executable("ruff") == beside
    assert os.access(beside, os.X_OK)


def test_the_extra_is_one_that_the_distribution_has():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named, _, extra = EXTRA.rstrip("]").partition("[")
    assert named == project["name"]
    assert {"bandit", "radon", "ruff"} <= {
        requirement.partition(">=")[0] for requirement in project["optional-dependencies"][extra]
    }
