"""Help is quick and complete, and every mistake in a command line gets one sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.main import get_command

import arbiter
from arbiter import __version__
from arbiter.interfaces.cli.app import app
from arbiter.interfaces.cli.exits import MEANINGS
from arbiter.interfaces.cli.layout import SECTIONS

SLOW = (
    "psycopg",
    "pydantic",
    "rich",
    "asyncio",
    "eventsourcing",
    "opentelemetry",
    "arbiter.bootstrap",
)


def test_help_waits_for_nothing_slow_to_be_imported(nowhere):
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "arbiter", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rsplit("|", 1)[-1].strip() for line in ran.stderr.splitlines()}
    assert imported & set(SLOW) == set()


@pytest.mark.parametrize("name", arbiter.__all__)
def test_a_public_name_comes_when_it_is_asked_for(name):
    assert getattr(arbiter, name).__name__ == name
    assert name in dir(arbiter)


def test_a_name_that_is_not_public_is_no_name():
    with pytest.raises(AttributeError, match="has no attribute 'conect'"):
        _ = arbiter.conect


def test_help_shows_every_command_by_what_it_is_for(nowhere):
    root = get_command(app)
    assert sorted(name for names in SECTIONS.values() for name in names) == sorted(root.commands)
    ran = nowhere("--help")
    for title, names in SECTIONS.items():
        assert f"\n{title}:\n" in ran.out
        assert all(f"  {name}" in ran.out for name in names)


def test_help_tells_the_exit_codes(nowhere):
    told = nowhere("--help").out
    assert all(f"{code:>3}  {meaning.split(':')[0]}" in told for code, meaning in MEANINGS.items())


@pytest.mark.parametrize("width", [80, 120])
def test_help_fits_the_terminal(nowhere, width):
    narrow = nowhere.with_environ(COLUMNS=str(width), TERMINAL_WIDTH=str(width))
    for words in (["--help"], ["submit", "-h"], ["task", "-h"], ["task", "redrive", "-h"]):
        assert max(map(len, narrow(*words).out.splitlines())) <= width


@pytest.mark.parametrize("words", [[], ["task"], ["queue"], ["db"]])
def test_a_group_that_is_asked_nothing_shows_its_help(nowhere, words):
    assert nowhere(*words).out == nowhere(*words, "--help").out


def test_every_command_has_the_options_of_all(nowhere):
    told = nowhere("task", "reject", "--help").out
    assert "Everywhere:" in told
    assert all(
        option in told for option in ("--dsn URL", "--schema NAME", "--config FILE", "--json")
    )


def test_the_version_is_told(nowhere):
    assert nowhere("--version").out == f"arbiter {__version__}\n"


def test_the_module_is_the_command(nowhere):
    assert nowhere.run("--version").out == f"arbiter {__version__}\n"


def test_a_shell_can_be_taught_to_complete(nowhere):
    told = nowhere.with_environ(
        _ARBITER_COMPLETE="complete_bash", COMP_WORDS="arbiter task re", COMP_CWORD="2"
    ).run(code=None)
    assert set(told.out.split()) == {"redrive", "reject", "reschedule", "resume"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sbmit"], "no such command 'sbmit'; did you mean 'submit'?; see 'arbiter --help'"),
        (["task", "lst"], "no such command 'lst'; did you mean 'list'?; see 'arbiter task --help'"),
        (
            ["submit", "--prioriti", "3"],
            "no such option: --prioriti; did you mean --priority?; see 'arbiter submit --help'",
        ),
        (
            ["submit", "greet", "--priority", "high"],
            "invalid value for '--priority' / '-p': ",
        ),
        (["task", "show"], "missing argument 'TASK'; see 'arbiter task show --help'"),
        (["task", "reject", "x"], "missing option '--why'; see 'arbiter task reject --help'"),
        (["task", "show", "a", "b"], "got unexpected extra argument"),
    ],
)
def test_a_mistake_in_a_command_line_gets_one_sentence(nowhere, words, said):
    assert nowhere(*words, code=2).error.startswith(f"error: {said}")
    told = nowhere(*words, "--json", code=2).json_error
    assert told["code"] == "usage"
    assert told["message"].startswith(said)
